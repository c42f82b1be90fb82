// The page at `/`: status, open findings and exposure at a glance. One self-contained document that reads without
// scripts; with them it renews itself when the daemon's watch says that something changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"
#include "agent/report/backend.h"

namespace sextant::report {

std::string render_page(const StatusView& status, std::vector<Finding> findings, const std::vector<Exposure>& exposure,
                        Time now);

// Allows the page's own style and script by their hashes, requests to itself, and nothing else.
const std::string& page_security_policy();

}  // namespace sextant::report
