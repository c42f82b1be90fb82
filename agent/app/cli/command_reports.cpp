// lint and diff.
#include "agent/app/cli/command_options.h"

namespace sextant::app::cli {
namespace {

// A release, and the text that it was given as.
CLI::Option* add_release(CLI::App& app, const std::string& name, std::optional<policy::Release>& release,
                         std::string& given, const std::string& help) {
  const auto parse = [&given](const std::string& text) -> Result<policy::Release> {
    const auto choice = policy::release_from(text);
    if (!choice) return Failure(choice.error());
    given = text;
    return choice->release;
  };
  return add_value(app, name, "VERSION", release, parse, help);
}

Result<Severity> severity_word(const std::string& text) {
  if (const auto severity = severity_from(text); severity && *severity != Severity::kCritical) return *severity;
  return failure("'" + text + "' is none of warning|info");
}

}  // namespace

void declare_lint(CLI::App& app, Parsed& parsed) {
  LintOptions& options = parsed.line.lint;
  CLI::App& verb = add_verb(app, parsed, Verb::kLint, "lint",
                            "Policies that do nothing, are rejected, or mean something else on public IPv6");
  verb.callback([&parsed, &verb] {
    parsed.line.verb = Verb::kLint;
    // The daemon tries every rule of every policy before it answers.
    if (verb.get_option("--timeout")->count() == 0) parsed.line.global.timeout = std::chrono::minutes(1);
  });
  add_value(
      verb, "--severity", "warning|info", options.least, severity_word,
      "Only remarks this severe: warning, the policy does not do what it says; info (default), it may not be what "
      "was meant");
  declare_offline_options(verb, options.offline);
  verb.get_option("--cilium")
      ->remove_needs(verb.get_option("--manifests"));  // the daemon can be asked of a release too
  declare_global_options(verb, parsed, true);
  verb.footer(
      "lint\nlint --cilium 1.20.2\nlint --manifests clusters/prod\nlint --manifests clusters/prod --cilium 1.19.3 -o "
      "sarif > lint.sarif\n"
      "kubectl kustomize . | PROGRAM lint --manifests - --severity warning");
}

void declare_diff(CLI::App& app, Parsed& parsed) {
  DiffOptions& options = parsed.line.diff;
  CLI::App& verb = add_verb(app, parsed, Verb::kDiff, "diff",
                            "What two manifest trees, or two releases of Cilium, expose differently to the internet");
  add_values(verb, "TREE", "DIR", options.trees, any_text, "Two trees, the old and the new; or one with --from-cilium")
      ->required()
      ->expected(1, 2)
      ->allow_extra_args();
  declare_offline_options(verb, options.offline);
  verb.remove_option(verb.get_option("--manifests"));  // TREE stands for it
  auto* cilium = verb.get_option("--cilium");
  auto* from = add_release(verb, "--from-cilium", options.from_cilium, options.from_text, "The release in use");
  auto* to = add_release(verb, "--to-cilium", options.to_cilium, options.to_text, "The release to come");
  from->needs(to)->excludes(cilium)->group(kOfflineGroup);
  to->needs(from)->excludes(cilium)->group(kOfflineGroup);
  declare_global_options(verb, parsed, true);
  verb.footer("diff clusters/prod.old clusters/prod\ndiff --from-cilium 1.18.6 --to-cilium 1.20.2 clusters/prod");
}

}  // namespace sextant::app::cli
