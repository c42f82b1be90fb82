#include "agent/app/cli/completion_model.h"
#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

// For _arguments inside single quotes: brackets, colons and backslashes end parts of a specification.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string value_spec(const CompletedOption& option) {
  if (option.argument.empty()) return {};
  std::string action;
  if (option.completes == Completes::kWords) action = "(" + join(option.words, " ") + ")";
  if (option.completes == Completes::kFiles) action = "_files";
  return ":" + escaped(option.argument) + ":" + action;
}

// One line for each name, so that a short and a long one can differ in how they take their value.
void add_option(const CompletedOption& option, std::string& out) {
  for (const auto& name : option.names) {
    const std::string others = option.repeats ? "*" : "(" + join(option.names, " ") + ")";
    const bool takes_equals = !option.argument.empty() && name.starts_with("--");
    out += " \\\n        '" + others + name + (takes_equals ? "=" : "") + "[" + escaped(option.help) + "]" +
           value_spec(option) + "'";
  }
}

std::string arguments_of(const CompletedVerb& verb) {
  std::string out = "_arguments -s";
  for (const auto& option : verb.options) add_option(option, out);
  for (const auto& argument : verb.arguments) out += " \\\n        '1" + value_spec(argument) + "'";
  return out;
}

}  // namespace

std::string zsh_completion(const std::vector<CompletedVerb>& verbs) {
  std::string out =
      "#compdef sextant kubectl-sextant\n# zsh completion for sextant; made by `sextant completion zsh`\n"
      "_sextant() {\n  local curcontext=$curcontext state line\n  local -a verbs\n  verbs=(\n";
  for (const auto& verb : verbs) {
    if (!verb.name.empty()) out += "    '" + verb.name + ":" + escaped(verb.help) + "'\n";
  }
  out += "  )\n  _arguments -C -s";
  for (const auto& option : verbs.front().options) add_option(option, out);
  out +=
      " \\\n        '1:verb:->verb' '*::argument:->arguments'\n"
      "  case $state in\n    verb) _describe -t verbs verb verbs ;;\n    arguments)\n      case $words[1] in\n";
  for (const auto& verb : verbs) {
    if (!verb.name.empty()) out += "      " + verb.name + ")\n        " + arguments_of(verb) + "\n        ;;\n";
  }
  return out +
         "      esac\n      ;;\n  esac\n}\n"
         "if [[ $funcstack[1] == _sextant ]]; then\n  _sextant \"$@\"\nelse\n"
         "  compdef _sextant sextant kubectl-sextant\nfi\n";
}

}  // namespace sextant::app::cli
