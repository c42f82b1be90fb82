// `sextantd --check`: would it run here, and what would it not see?
#pragma once

#include <ostream>

#include "agent/app/config.h"

namespace sextant::app {

enum class Readiness : int { kReady = 0, kDegraded = 1, kCannotRun = 2 };

// Looks at manifests, policies, kernel features, the store's folder; attaches and writes nothing. One line for each
// thing looked at, then what is lost.
Readiness check(const Config& config, std::ostream& out);

}  // namespace sextant::app
