#include "agent/app/cli/completion_model.h"
#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

// bash splits "--output=json" into three words at '=' (COMP_WORDBREAKS): the option is then two words back.
constexpr std::string_view kHead = R"(# bash completion for sextant; made by `sextant completion bash`
_sextant() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev='' verb='' words='' i IFS=$' \t\n'
  ((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
)";

constexpr std::string_view kTail = R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _sextant sextant kubectl-sextant
)";

std::string pattern(const std::string& verb, const CompletedOption& option) {
  std::vector<std::string> patterns;
  for (const auto& name : option.names) patterns.push_back(verb + ":" + name);
  return join(patterns, "|");
}

std::string value_case(const std::string& verb, const CompletedOption& option) {
  std::string action;
  switch (option.completes) {
    case Completes::kNothing:
      action = "COMPREPLY=()";
      break;
    case Completes::kWords:
      action = "COMPREPLY=($(compgen -W '" + join(option.words, " ") + "' -- \"$cur\"))";
      break;
    case Completes::kFiles:
      action = "compopt -o filenames 2>/dev/null || :; IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$cur\"))";
      break;
  }
  return "    " + pattern(verb, option) + ") " + action + "; return ;;\n";
}

std::vector<std::string> first_words(const CompletedVerb& verb) {
  std::vector<std::string> words;
  for (const auto& argument : verb.arguments) words.insert(words.end(), argument.words.begin(), argument.words.end());
  for (const auto& option : verb.options) words.insert(words.end(), option.names.begin(), option.names.end());
  return words;
}

}  // namespace

std::string bash_completion(const std::vector<CompletedVerb>& verbs) {
  std::vector<std::string> names;
  for (const auto& verb : verbs) {
    if (!verb.name.empty()) names.push_back(verb.name);
  }
  std::string out(kHead);
  out += "      " + join(names, "|") + ") verb=${COMP_WORDS[i]}; break ;;\n    esac\n  done\n  case $verb:$prev in\n";
  for (const auto& verb : verbs) {
    for (const auto& option : verb.options) {
      if (!option.argument.empty()) out += value_case(verb.name, option);
    }
  }
  out += "  esac\n  case $verb in\n";
  for (const auto& verb : verbs) {
    auto words = first_words(verb);
    if (verb.name.empty()) words.insert(words.begin(), names.begin(), names.end());
    out += "    " + (verb.name.empty() ? std::string("''") : verb.name) + ") words='" + join(words, " ") + "' ;;\n";
  }
  return out + std::string(kTail);
}

}  // namespace sextant::app::cli
