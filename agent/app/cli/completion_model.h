// What completions need to know of the command tree. For completion*.cpp only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace sextant::app::cli {

enum class Completes { kNothing, kWords, kFiles };

struct CompletedOption {
  std::vector<std::string> names{};  // "-o", "--output"; empty: the verb's argument
  std::string argument{};            // "DURATION"; empty: a flag
  std::string help{};
  Completes completes = Completes::kNothing;  // the value
  std::vector<std::string> words{};
  bool repeats = false;
};

struct CompletedVerb {
  std::string name{};  // empty: before any verb
  std::string help{};
  std::vector<CompletedOption> options{};  // those with names
  std::vector<CompletedOption> arguments{};
};

// The program itself first, then its verbs in the order of the tree.
std::vector<CompletedVerb> completed_verbs(const CLI::App& app);

std::string bash_completion(const std::vector<CompletedVerb>& verbs);
std::string zsh_completion(const std::vector<CompletedVerb>& verbs);
std::string fish_completion(const std::vector<CompletedVerb>& verbs);

}  // namespace sextant::app::cli
