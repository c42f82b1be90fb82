#include "agent/app/cli/help.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "agent/app/cli/command_options.h"
#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kMostForName = 30;  // longer names stand on a line of their own

struct Entry {
  std::string name{};
  std::string help{};
};

std::string option_name(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true, false);
  std::string name;
  for (const auto& s : option.get_snames()) name += (name.empty() ? "-" : ", -") + s;
  if (option.get_snames().empty()) name = "    ";
  for (const auto& l : option.get_lnames()) name += (name == "    " ? "--" : ", --") + l;
  if (option.get_items_expected_max() > 0) name += " " + option.get_type_name();
  return name;
}

void print_entries(const std::string& title, const std::vector<Entry>& entries, std::size_t columns, std::string& out) {
  if (entries.empty()) return;
  std::size_t names = 0;
  for (const auto& entry : entries) {
    if (entry.name.size() <= kMostForName) names = std::max(names, entry.name.size());
  }
  const std::size_t column = kIndent + names + 2;
  out += "\n" + title + ":\n";
  for (const auto& entry : entries) {
    std::string line = std::string(kIndent, ' ') + entry.name;
    if (line.size() + 2 > column) {
      out += line + '\n';
      line.clear();
    }
    for (const auto& part : wrap(entry.help, columns - std::min(columns - 20, column))) {
      line.resize(column, ' ');
      out += line + part + '\n';
      line.clear();
    }
  }
}

std::vector<Entry> options_of(const CLI::App& app, const std::string& group, bool positional) {
  std::vector<Entry> entries;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group() != group || option->get_positional() != positional) continue;
    entries.push_back({.name = option_name(*option), .help = option->get_description()});
  }
  return entries;
}

std::string usage_of(const CLI::App& app, const std::string& program) {
  if (app.get_parent() == nullptr) return program + " VERB [OPTIONS]";
  std::string usage = program + " " + app.get_name();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      const std::string name = option->get_name(true, false);
      usage += option->get_required() ? " " + name : " [" + name + "]";
    } else if (option->get_required()) {
      usage += " " + option->get_name(false, false) + " " + option->get_type_name();
    }
  }
  return usage + " [OPTIONS]";
}

std::string examples_of(const CLI::App& app, const std::string& program) {
  std::istringstream lines(app.get_footer());
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const auto marked = line.find("PROGRAM");
    if (marked == std::string::npos) {
      line.insert(0, program + " ");
    } else {
      line.replace(marked, std::string_view("PROGRAM").size(), program);
    }
    out += std::string(kIndent, ' ') + line + '\n';
  }
  return out.empty() ? out : "\nExamples:\n" + out;
}

}  // namespace

std::string help_text(const CLI::App& app, const std::string& program, std::size_t columns) {
  columns = std::max<std::size_t>(columns, 40);
  std::string out;
  for (const auto& line : wrap(app.get_description(), columns)) out += line + '\n';
  out += "\nUsage: " + usage_of(app, program) + '\n';

  std::vector<Entry> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    verbs.push_back({.name = verb->get_name(), .help = verb->get_description()});
  print_entries("Verbs", verbs, columns, out);
  print_entries("Arguments", options_of(app, "Options", true), columns, out);
  for (const auto& group : app.get_groups()) print_entries(group, options_of(app, group, false), columns, out);
  out += examples_of(app, program);
  return out;
}

}  // namespace sextant::app::cli
