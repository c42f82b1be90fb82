// Doors as rows: what `sextant exposure` and `sextant endpoints` show of services.
#pragma once

#include <vector>

#include "agent/audit/services/passage.h"
#include "agent/model/finding.h"
#include "agent/model/world.h"

namespace sextant::audit {

EndpointDetail detail_of(const World& world, const Door& door);
// What the internet can reach by the door, or could; classes with the same fate together.
std::vector<Exposure> exposures_of(const World& world, const DoorPassages& door);
// The same with what is denied, as rows.
std::vector<EndpointRow> rows_of(const World& world, const DoorPassages& door);

}  // namespace sextant::audit
