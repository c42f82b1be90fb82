#include "agent/app/cli/completion_model.h"
#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

void add_option(const std::string& condition, const CompletedOption& option, std::string& out) {
  out += "complete -c sextant -n " + quoted(condition);
  for (const auto& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  switch (option.completes) {
    case Completes::kNothing:
      out += option.argument.empty() ? "" : " -x";
      break;
    case Completes::kWords:
      out += " -x -a " + quoted(join(option.words, " "));
      break;
    case Completes::kFiles:
      out += " -r -F";
      break;
  }
  out += " -d " + quoted(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const std::vector<CompletedVerb>& verbs) {
  std::string out = "# fish completion for sextant; made by `sextant completion fish`\ncomplete -c sextant -f\n";
  constexpr std::string_view kNoVerb = "__fish_use_subcommand";
  for (const auto& verb : verbs) {
    if (verb.name.empty()) continue;
    out += "complete -c sextant -n " + quoted(kNoVerb) + " -a " + verb.name + " -d " + quoted(verb.help) + "\n";
  }
  for (const auto& verb : verbs) {
    const std::string condition = verb.name.empty() ? std::string(kNoVerb) : "__fish_seen_subcommand_from " + verb.name;
    for (const auto& option : verb.options) add_option(condition, option, out);
    for (const auto& argument : verb.arguments) {
      if (argument.words.empty()) continue;
      out += "complete -c sextant -n " + quoted(condition) + " -a " + quoted(join(argument.words, " ")) + "\n";
    }
  }
  return out;
}

}  // namespace sextant::app::cli
