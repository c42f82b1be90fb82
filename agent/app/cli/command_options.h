// Helpers to declare options on a CLI11 tree. For command_*.cpp only: CLI11's headers are large.
//
// The type name of an option is what help prints for its value and what completions offer: "a|b|c" is a choice of
// words, DIR a folder, FILE a file, all else free text.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "agent/app/cli/options.h"
#include "agent/base/result.h"

namespace sextant::app::cli {

inline constexpr const char* kGlobalGroup = "Options of every verb";
inline constexpr const char* kOfflineGroup = "Without a daemon";
inline constexpr const char* kClusterGroup = "Of a whole cluster";

// What parsing fills in before it is judged as a whole.
struct Parsed {
  CommandLine line{};
  std::optional<ServerAddress> server{};  // nullopt: not given
  bool asks_cluster = false;              // --cluster, or what only goes with it
  ClusterOptions cluster{};
};

inline CLI::App& add_verb(CLI::App& app, Parsed& parsed, Verb verb, const std::string& name, const std::string& what) {
  CLI::App& sub = *app.add_subcommand(name, what);
  sub.callback([&parsed, verb] { parsed.line.verb = verb; });
  return sub;
}

// The name that errors call an option by: its first long one, or the positional's.
inline std::string spoken_name(const std::string& names) {
  const auto dashes = names.find("--");
  if (dashes == std::string::npos) return names;
  return names.substr(dashes, names.find(',', dashes) - dashes);
}

// An option whose text `parse` turns into `target`; its Error becomes the usage error. The last one given counts.
template <class Target, class Parse>
CLI::Option* add_value(CLI::App& app, const std::string& names, const std::string& type, Target& target, Parse parse,
                       const std::string& help) {
  const auto store = [&target, parse, name = spoken_name(names)](const std::string& text) {
    auto value = parse(text);
    if (!value) throw CLI::ValidationError(name, value.error().what);
    target = *std::move(value);
  };
  return app.add_option_function<std::string>(names, store, help)->type_name(type)->take_last();
}

// The same, repeatable, each taking one word; with a delimiter "a,b" is two.
template <class Target, class Parse>
CLI::Option* add_values(CLI::App& app, const std::string& names, const std::string& type, std::vector<Target>& target,
                        Parse parse, const std::string& help) {
  const auto store = [&target, parse, name = spoken_name(names)](const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      auto value = parse(text);
      if (!value) throw CLI::ValidationError(name, value.error().what);
      target.push_back(*std::move(value));
    }
  };
  return app.add_option_function<std::vector<std::string>>(names, store, help)
      ->type_name(type)
      ->allow_extra_args(false);
}

inline Result<std::string> any_text(const std::string& text) {
  if (text.empty()) return failure("must not be empty");
  return text;
}

inline Result<std::uint32_t> number_from(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return failure("'" + text + "' is no number");
  return number;
}

// A word of a fixed list with what it stands for.
template <class Value>
class Words {
 public:
  Words(std::initializer_list<std::pair<const char*, Value>> words) : words_(words) {}

  std::string type_name() const {
    std::string names;
    for (const auto& [name, value] : words_) names += (names.empty() ? "" : "|") + std::string(name);
    return names;
  }
  Result<Value> operator()(const std::string& text) const {
    for (const auto& [name, value] : words_) {
      if (text == name) return value;
    }
    return failure("'" + text + "' is none of " + type_name());
  }

 private:
  std::vector<std::pair<const char*, Value>> words_;
};

template <class Value, class Target>
CLI::Option* add_word(CLI::App& app, const std::string& names, const Words<Value>& words, Target& target,
                      const std::string& help) {
  return add_value(app, names, words.type_name(), target, words, help);
}

// Declares every verb on `app`. `parsed` must outlive it.
void declare_verbs(CLI::App& app, Parsed& parsed, Time now);
// `results`: the verb reports results, so that -o takes tap, junit, sarif and markdown too.
void declare_global_options(CLI::App& app, Parsed& parsed, bool results = false);
void declare_offline_options(CLI::App& app, OfflineOptions& offline);
// For the verbs that can ask every node.
void declare_cluster_options(CLI::App& app, Parsed& parsed);
// The verbs that know manifests only.
void declare_lint(CLI::App& app, Parsed& parsed);
void declare_diff(CLI::App& app, Parsed& parsed);
// What needs this machine's kernel only.
void declare_bench(CLI::App& app, Parsed& parsed);

}  // namespace sextant::app::cli
