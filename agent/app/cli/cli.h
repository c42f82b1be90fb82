// The command line as a function: words in, text and exit status out.
#pragma once

#include <string>
#include <vector>

#include "agent/app/cli/io.h"

namespace sextant::app::cli {

// args[0] is the program's name: "kubectl-sextant" makes help speak of "kubectl sextant". Returns the exit status: 0
// done, 1 something to report, 2 could not tell. Does not throw; never exits.
int run(const std::vector<std::string>& args, Io& io);

}  // namespace sextant::app::cli
