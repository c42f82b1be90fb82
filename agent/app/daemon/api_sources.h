// Whom the API's TCP listeners answer where api.from bounds them.
#pragma once

#include <vector>

#include "agent/app/config.h"
#include "agent/base/ip.h"
#include "agent/model/world.h"

namespace sextant::app {

// The prefixes of api.from, and with `cluster` in it the addresses of all nodes, their pods' prefixes and
// networks.cluster. Sorted, without overlaps.
std::vector<Prefix> api_sources(const Config& config, const World& world);

}  // namespace sextant::app
