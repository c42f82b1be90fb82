// CommandTree: the verbs and their options as CLI11 holds them. The one place that names an option: help and
// completions are made from it.
//
// Owns the values that parsing fills in. Does not print and does not exit. One tree parses one command line.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app/cli/options.h"
#include "agent/base/clock.h"

namespace CLI {
class App;
}

namespace sextant::app::cli {

// What is wrong with a command line, and which help says how it goes.
struct UsageError {
  std::string what{};  // "findings: no option '--al'; did you mean '--all'?"
  std::string see{};   // "sextant findings --help"; empty: no help would
};

class CommandTree {
 public:
  struct Context {
    std::string program = "sextant";                // "kubectl sextant" when run as a plugin
    std::function<const char*(const char*)> env{};  // getenv
    Time now{};                                     // what --since DURATION counts from
  };
  explicit CommandTree(const Context& context);
  ~CommandTree();

  // `args` without the program's name.
  std::expected<CommandLine, UsageError> parse(const std::vector<std::string>& args);

  // The help of one verb, or of the program when `verb` is empty, broken at `columns`.
  std::expected<std::string, UsageError> help(std::string_view verb, std::size_t columns) const;

  const CLI::App& app() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sextant::app::cli
