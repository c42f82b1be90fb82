// The page's table of what the internet can reach.
#pragma once

#include <string>
#include <vector>

#include "agent/model/finding.h"

namespace sextant::report {

// Exposures that differ in nothing but their ports are one row; ports on which something listens come first.
std::string exposure_table(const std::vector<Exposure>& exposure);

}  // namespace sextant::report
