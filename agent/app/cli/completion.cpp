#include "agent/app/cli/completion.h"

#include <algorithm>

#include "agent/app/cli/command_options.h"
#include "agent/app/cli/completion_model.h"

namespace sextant::app::cli {
namespace {

std::vector<std::string> words_of(const std::string& type) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= type.size();) {
    const auto end = std::min(type.find('|', at), type.size());
    words.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

CompletedOption option_of(const CLI::Option& option) {
  CompletedOption out{.help = option.get_description()};
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  out.repeats = option.get_expected_max() > 1;
  if (option.get_items_expected_max() == 0) return out;
  out.argument = option.get_type_name();
  const bool word_list = out.argument.contains('|') && std::ranges::none_of(out.argument, [](char c) {
                           return c == '[' || (c >= 'A' && c <= 'Z');  // capitals stand for what the user fills in
                         });
  if (word_list) {
    out.completes = Completes::kWords;
    out.words = words_of(out.argument);
  } else if (out.argument == "DIR" || out.argument == "FILE") {
    out.completes = Completes::kFiles;
  }
  return out;
}

CompletedVerb verb_of(const CLI::App& app) {
  CompletedVerb verb{.name = app.get_parent() == nullptr ? "" : app.get_name(), .help = app.get_description()};
  for (const CLI::Option* option : app.get_options()) {
    auto& list = option->get_positional() ? verb.arguments : verb.options;
    list.push_back(option_of(*option));
  }
  return verb;
}

}  // namespace

std::vector<CompletedVerb> completed_verbs(const CLI::App& app) {
  std::vector<CompletedVerb> verbs{verb_of(app)};
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    verbs.push_back(verb_of(*verb));
  return verbs;
}

std::string completion_script(const CLI::App& app, Shell shell) {
  const auto verbs = completed_verbs(app);
  switch (shell) {
    case Shell::kBash:
      return bash_completion(verbs);
    case Shell::kZsh:
      return zsh_completion(verbs);
    case Shell::kFish:
      return fish_completion(verbs);
  }
  return {};
}

}  // namespace sextant::app::cli
