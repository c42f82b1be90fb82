// Shell completions, made from the command tree: an option that is declared is completed, and no other.
#pragma once

#include <string>

#include "agent/app/cli/options.h"

namespace CLI {
class App;
}

namespace sextant::app::cli {

// A script for the shell to source (bash 3.2 or newer), or to put where it looks for completions.
std::string completion_script(const CLI::App& app, Shell shell);

}  // namespace sextant::app::cli
