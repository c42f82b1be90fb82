#include "agent/app/cli/cli.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>

#include "agent/app/cli/command_tree.h"
#include "agent/app/cli/completion.h"
#include "agent/app/cli/verbs.h"

namespace sextant::app::cli {
namespace {

constexpr std::size_t kWidestHelp = 110;

struct VerbEntry {
  Verb verb;
  std::string_view name;
  Result<int> (*run)(Io&, const CommandLine&);
};
constexpr std::array kVerbs{
    VerbEntry{Verb::kStatus, "status", status_verb},
    VerbEntry{Verb::kFindings, "findings", findings_verb},
    VerbEntry{Verb::kEndpoints, "endpoints", endpoints_verb},
    VerbEntry{Verb::kExposure, "exposure", exposure_verb},
    VerbEntry{Verb::kExplain, "explain", explain_verb},
    VerbEntry{Verb::kLint, "lint", lint_verb},
    VerbEntry{Verb::kDiff, "diff", diff_verb},
    VerbEntry{Verb::kAttempts, "attempts", attempts_verb},
    VerbEntry{Verb::kBench, "bench", bench_verb},
    VerbEntry{Verb::kVersion, "version", version_verb},
};

std::string program_name(const std::vector<std::string>& args) {
  const std::string path = args.empty() ? "" : args[0];
  return path.substr(path.rfind('/') + 1) == "kubectl-sextant" ? "kubectl sextant" : "sextant";
}

int complain(Io& io, const UsageError& error) {
  io.err << "sextant: " << error.what << '\n';
  if (!error.see.empty()) io.err << "see '" << error.see << "'\n";
  return kCouldNotTell;
}

int print_help(Io& io, const CommandTree& tree, const CommandLine& line) {
  const auto text = tree.help(line.help_on, std::min(layout_of(io, line.global).width, kWidestHelp));
  if (!text) return complain(io, text.error());
  io.out << *text;
  return kDone;
}

int run_verb(Io& io, const CommandLine& line) {
  const auto* entry = std::ranges::find(kVerbs, line.verb, &VerbEntry::verb);
  const auto status = entry->run(io, line);
  if (status) return *status;
  io.err << "sextant: " << entry->name << ": " << status.error().what << '\n';
  return kCouldNotTell;
}

int parse_and_run(const std::vector<std::string>& args, Io& io) {
  CommandTree tree({.program = program_name(args), .env = io.env, .now = io.clock.now()});
  const auto line = tree.parse({args.begin() + (args.empty() ? 0 : 1), args.end()});
  if (!line) return complain(io, line.error());
  if (line->verb == Verb::kHelp) return print_help(io, tree, *line);
  if (line->verb != Verb::kCompletion) return run_verb(io, *line);
  io.out << completion_script(tree.app(), line->shell);
  return kDone;
}

}  // namespace

int run(const std::vector<std::string>& args, Io& io) {
  try {
    const int status = parse_and_run(args, io);
    io.out.flush();
    if (io.out) return status;
    io.err << "sextant: write standard output: it is full or closed\n";
  } catch (const std::exception& thrown) {
    io.err << "sextant: " << thrown.what() << '\n';
  }
  return kCouldNotTell;
}

}  // namespace sextant::app::cli
