// Help pages, made from the command tree.
#pragma once

#include <cstddef>
#include <string>

namespace CLI {
class App;
}

namespace sextant::app::cli {

// `columns`: where lines are broken, at least 40. A verb's footer holds its examples, one a line, without the program's
// name (PROGRAM stands for it where it is not first).
std::string help_text(const CLI::App& app, const std::string& program, std::size_t columns);

}  // namespace sextant::app::cli
