#include <algorithm>
#include <cctype>
#include <vector>

#include "agent/app/cli/command_options.h"
#include "agent/app/cli/time_text.h"

namespace sextant::app::cli {
namespace {

Result<Severity> severity_word(const std::string& text) {
  if (const auto severity = severity_from(text)) return *severity;
  return failure("'" + text + "' is none of critical|warning|info");
}

Result<std::string> severity_name(const std::string& text) {
  const auto severity = severity_word(text);
  if (!severity) return Failure(severity.error());
  return std::string(to_string(*severity));
}

// "SXT001"; also "sxt001" and "1".
Result<std::string> finding_code(const std::string& text) {
  std::string digits = text;
  if (digits.size() > 3 && (digits.starts_with("SXT") || digits.starts_with("sxt"))) digits.erase(0, 3);
  const bool numeric = std::ranges::all_of(digits, [](unsigned char c) { return std::isdigit(c) != 0; });
  if (digits.empty() || digits.size() > 3 || !numeric) return failure("'" + text + "' is no code: SXT001 is expected");
  return "SXT" + std::string(3 - digits.size(), '0') + digits;
}

Result<std::string> destination_text(const std::string& text) {
  if (const auto destination = destination_from(text); !destination) return Failure(destination.error());
  return text;
}

Result<std::string> peer_text(const std::string& text) {
  if (const auto peer = peer_from(text); !peer) return Failure(peer.error());
  return text;
}

Result<PortAndProtocol> port_word(const std::string& text) {
  auto port = port_from(text);
  const bool is_type = port && (port->protocol == Protocol::kIcmpv6 || port->protocol == Protocol::kIcmp);
  if (is_type && port->port > 255) return failure("'" + text + "': ICMP types go from 0 to 255");
  return port;
}

// "status|findings|…"
std::string verb_names(const CLI::App& app) {
  std::string names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : "|") + verb->get_name();
  return names;
}

void add_namespace(CLI::App& app, std::string& ns) {
  add_value(app, "-n,--namespace", "NAME", ns, any_text, "Only endpoints of this namespace");
}

void declare_findings(CLI::App& app, Parsed& parsed, Time now) {
  FindingsOptions& options = parsed.line.findings;
  CLI::App& verb = add_verb(app, parsed, Verb::kFindings, "findings",
                            "Where the witnesses disagree: what is open, or one finding in full");
  add_value(verb, "ID", "ID", options.id, any_text, "Show this finding in full: evidence, policies, fix, runbook");
  verb.add_flag("-a,--all", options.all, "Resolved ones too: of the last day, or since TIME");
  const auto since = [now](const std::string& text) { return since_from(text, now); };
  add_value(verb, "--since", "TIME", options.since, since,
            "Only those seen since then: so long ago (10m, 2d) or 2026-11-21T08:00:00Z");
  add_values(verb, "--severity", "critical|warning|info", options.severities, severity_name,
             "Only this severity (repeatable)")
      ->delimiter(',');
  add_values(verb, "--code", "CODE", options.codes, finding_code, "Only this code, such as SXT001 (repeatable)")
      ->delimiter(',');
  add_namespace(verb, options.ns);
  verb.add_flag("-w,--watch", options.watch, "Keep running; say what opens and what is resolved");
  add_value(verb, "--fail-on", "critical|warning|info", options.fail_on, severity_word,
            "Exit 1 when a finding this severe or worse is open");
  declare_cluster_options(verb, parsed);
  declare_global_options(verb, parsed);
  verb.footer(
      "findings\nfindings SXT001-6f1c2b9d\nfindings --all --since 2d -n shop\nfindings --fail-on critical -o json");
}

void declare_endpoints(CLI::App& app, Parsed& parsed) {
  EndpointsOptions& options = parsed.line.endpoints;
  CLI::App& verb = add_verb(app, parsed, Verb::kEndpoints, "endpoints",
                            "Each endpoint, port and source, and what five witnesses say of it");
  add_value(verb, "ENDPOINT", "ENDPOINT", options.name, any_text, "Only this one: NAMESPACE/POD, POD or node/NAME");
  add_namespace(verb, options.ns);
  auto* all = verb.add_flag("-a,--all", options.all, "Every source class, not only the public ones");
  verb.add_flag("--public", options.only_public, "Only source classes of the internet (the default)")->excludes(all);
  declare_cluster_options(verb, parsed);
  declare_global_options(verb, parsed);
  verb.footer("endpoints\nendpoints shop/db --all\nendpoints -n shop -o wide");
}

void declare_exposure(CLI::App& app, Parsed& parsed) {
  ExposureOptions& options = parsed.line.exposure;
  CLI::App& verb = add_verb(app, parsed, Verb::kExposure, "exposure",
                            "What the internet can reach, from which addresses exactly, and why");
  add_value(verb, "ENDPOINT", "ENDPOINT", options.name, any_text, "Only this one: NAMESPACE/POD, POD or node/NAME");
  add_namespace(verb, options.ns);
  declare_offline_options(verb, options.offline);
  declare_cluster_options(verb, parsed);
  declare_global_options(verb, parsed);
  verb.footer("exposure\nexposure --manifests clusters/prod\nkubectl kustomize . | PROGRAM exposure --manifests -");
}

// --batch stands for what else must be asked.
void declare_batch(CLI::App& verb, ExplainOptions& options, const std::vector<CLI::Option*>& asked) {
  for (CLI::Option* option : asked) option->required();
  const auto file = [asked](const std::string& text) {
    for (CLI::Option* option : asked) option->required(false);
    return any_text(text);
  };
  auto* batch = add_value(verb, "--batch", "FILE", options.batch, file,
                          "Judge every scenario of FILE (JSON lines; -: standard input), and print the lines with "
                          "`verdict` for each check and `invalid` for refused objects, by release: each --cilium, or "
                          "1.17.0, 1.18.6, 1.19.3 and 1.20.2. An unknown verdict has a `why`; a release that lacks an "
                          "option or kind of the scenario has no verdict. A line that cannot be read is told and left "
                          "out, and the exit status is 2");
  for (CLI::Option* option : asked) batch->excludes(option);
  auto* manifests = verb.get_option("--manifests");
  batch->excludes(manifests)->group(kOfflineGroup);
  verb.get_option("--cilium")->remove_needs(manifests);
}

void declare_explain(CLI::App& app, Parsed& parsed) {
  ExplainOptions& options = parsed.line.explain;
  CLI::App& verb = add_verb(app, parsed, Verb::kExplain, "explain", "One verdict, rule by rule");
  auto* to = add_value(verb, "--to", "ENDPOINT", options.to, destination_text,
                       "NAMESPACE/POD, NAMESPACE/Deployment/NAME, node/NAME, service/NAMESPACE/NAME, or an address: "
                       "of a service, backend by backend");
  auto* from = add_value(verb, "--from", "SOURCE", options.from, peer_text, "An address, NAMESPACE/POD or node/NAME");
  auto* port = add_value(verb, "--port", "PORT[/PROTOCOL]", options.port, port_word,
                         "443, 443/UDP; for ICMP the type: 128/ICMPv6. TCP when no protocol is given");
  declare_offline_options(verb, options.offline);
  declare_batch(verb, options, {to, from, port});
  declare_global_options(verb, parsed);
  verb.footer(
      "explain --to shop/db --from 2001:db8::1 --port 5432\n"
      "explain --to node/n1 --from shop/web --port 128/ICMPv6\n"
      "explain --to 2001:db8:f::443 --from 2600:1::7 --port 443\n"
      "explain --manifests policies/ --cilium 1.18.6 --to shop/Deployment/web --from 2001:db8::1 --port 443\n"
      "explain --batch scenarios.jsonl --cilium 1.18.6 --cilium 1.20.2");
}

void declare_attempts(CLI::App& app, Parsed& parsed) {
  AttemptsOptions& options = parsed.line.attempts;
  CLI::App& verb = add_verb(app, parsed, Verb::kAttempts, "attempts",
                            "Who on the internet tries what, and what should become of it");
  add_value(verb, "--top", "N", options.top, number_from, "At most so many lines of each table; 0: all (default 20)");
  add_namespace(verb, options.ns);
  verb.add_flag("-w,--watch", options.watch, "Look again every 2 s; JSON lines when the output is no terminal");
  declare_cluster_options(verb, parsed);
  declare_global_options(verb, parsed);
  verb.footer("attempts --top 5\nattempts --watch");
}

void declare_completion(CLI::App& app, Parsed& parsed) {
  CLI::App& verb = add_verb(app, parsed, Verb::kCompletion, "completion", "Completions for your shell");
  const Words<Shell> shells{{"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
  add_word(verb, "SHELL", shells, parsed.line.shell, "Whose: " + shells.type_name())->required();
  declare_global_options(verb, parsed);
  verb.footer(
      "completion bash > /etc/bash_completion.d/sextant\ncompletion zsh > \"${fpath[1]}/_sextant\"\n"
      "completion fish > ~/.config/fish/completions/sextant.fish");
}

}  // namespace

void declare_global_options(CLI::App& app, Parsed& parsed, bool results) {
  GlobalOptions& global = parsed.line.global;
  const Words<Output> outputs{
      {"table", Output::kTable}, {"wide", Output::kWide}, {"json", Output::kJson}, {"yaml", Output::kYaml}};
  const Words<Output> with_results{{"table", Output::kTable}, {"wide", Output::kWide},        {"json", Output::kJson},
                                   {"yaml", Output::kYaml},   {"tap", Output::kTap},          {"junit", Output::kJunit},
                                   {"sarif", Output::kSarif}, {"markdown", Output::kMarkdown}};
  add_value(
      app, "--server", "unix:PATH|http://[ADDRESS]:PORT", parsed.server,
      [](const std::string& text) { return server_from(text); },
      "The daemon (default $SEXTANT_SERVER, else " + std::string(kDefaultServer) + ")")
      ->group(kGlobalGroup);
  add_word(app, "-o,--output", results ? with_results : outputs, global.output, "How to print (default table)")
      ->group(kGlobalGroup);
  app.add_flag("--no-color", global.no_color, "No colours; as $NO_COLOR, or no terminal")->group(kGlobalGroup);
  const auto timeout = [](const std::string& text) -> Result<std::chrono::milliseconds> {
    auto duration = duration_from(text);
    if (duration && duration->count() == 0) return failure("must be longer than nothing");
    return duration;
  };
  add_value(app, "--timeout", "DURATION", global.timeout, timeout,
            "How long to wait for each answer (default 5s, of lint 1m)")
      ->group(kGlobalGroup);
}

void declare_verbs(CLI::App& app, Parsed& parsed, Time now) {
  CLI::App& status = add_verb(app, parsed, Verb::kStatus, "status",
                              "Health: what each witness covers, and what it does not see since when");
  declare_cluster_options(status, parsed);
  declare_global_options(status, parsed);
  declare_findings(app, parsed, now);
  declare_endpoints(app, parsed);
  declare_exposure(app, parsed);
  declare_explain(app, parsed);
  declare_lint(app, parsed);
  declare_diff(app, parsed);
  declare_attempts(app, parsed);
  declare_bench(app, parsed);
  declare_completion(app, parsed);
  CLI::App& version = add_verb(app, parsed, Verb::kVersion, "version", "This program's version and commit");
  declare_global_options(version, parsed);
  CLI::App& help = add_verb(app, parsed, Verb::kHelp, "help", "This, or the help of one verb");
  add_value(help, "VERB", verb_names(app), parsed.line.help_on, any_text, "Which verb");
}

}  // namespace sextant::app::cli
