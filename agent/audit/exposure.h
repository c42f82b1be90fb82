// Exposures beside what listens.
#pragma once

#include <vector>

#include "agent/audit/listening_ports.h"
#include "agent/model/finding.h"

namespace sextant::audit {

// The order in which protocols are listed: by number, and "every other" last.
constexpr int rank(Protocol protocol) { return protocol == Protocol::kAny ? 256 : static_cast<int>(protocol); }

// Cuts each range at the ports on which something listens, so that every line says what an attacker would find.
// nullptr: nobody has looked; the ranges stay whole.
std::vector<Exposure> with_listeners(std::vector<Exposure> exposures, const PortViews* listening);

}  // namespace sextant::audit
