// The rows of `sextant endpoints`: every witness side by side.
#pragma once

#include <vector>

#include "agent/audit/picture.h"
#include "agent/model/finding.h"

namespace sextant::audit {

// For every local endpoint: the internet, each public class that is treated otherwise there or was seen there, and each
// other class that was seen; their ports in as few ranges as the witnesses tell apart. Sorted by endpoint, protocol,
// port and class.
std::vector<EndpointRow> rows_of(const Picture& picture);

}  // namespace sextant::audit
