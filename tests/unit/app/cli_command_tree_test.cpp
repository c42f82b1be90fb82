#include "agent/app/cli/command_tree.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

std::map<std::string, std::string, std::less<>> no_env() { return {}; }

std::expected<CommandLine, UsageError> parse(const std::vector<std::string>& args,
                                             const std::map<std::string, std::string, std::less<>>& env = no_env()) {
  CommandTree tree({.env = [&](const char* name) -> const char* {
                      const auto found = env.find(name);
                      return found == env.end() ? nullptr : found->second.c_str();
                    },
                    .now = kNow});
  return tree.parse(args);
}

CommandLine parsed(const std::vector<std::string>& args) {
  auto line = parse(args);
  EXPECT_TRUE(line) << line.error().what;
  return line.value_or(CommandLine{});
}

std::string error_of(const std::vector<std::string>& args) {
  const auto line = parse(args);
  EXPECT_FALSE(line) << join(args, " ");
  return line ? "" : line.error().what;
}

TEST(CommandTree, KnowsEveryVerb) {
  EXPECT_EQ(parsed({"status"}).verb, Verb::kStatus);
  EXPECT_EQ(parsed({"findings"}).verb, Verb::kFindings);
  EXPECT_EQ(parsed({"endpoints"}).verb, Verb::kEndpoints);
  EXPECT_EQ(parsed({"exposure"}).verb, Verb::kExposure);
  EXPECT_EQ(parsed({"explain", "--to", "a/b", "--from", "::1", "--port", "1"}).verb, Verb::kExplain);
  EXPECT_EQ(parsed({"attempts"}).verb, Verb::kAttempts);
  EXPECT_EQ(parsed({"completion", "bash"}).verb, Verb::kCompletion);
  EXPECT_EQ(parsed({"version"}).verb, Verb::kVersion);
  EXPECT_EQ(parsed({"--version"}).verb, Verb::kVersion);
  EXPECT_EQ(parsed({"help"}).verb, Verb::kHelp);
  EXPECT_EQ(parsed({}).verb, Verb::kHelp);
}

TEST(CommandTree, TakesGlobalOptionsBeforeAndAfterTheVerb) {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"--server", "unix:/x", "-o", "json", "--no-color", "--timeout", "90s", "status"},
           {"status", "--server", "unix:/x", "-o", "json", "--no-color", "--timeout", "90s"},
           {"status", "--server=unix:/x", "--output=json", "--no-color", "--timeout=1m30s"}}) {
    const CommandLine line = parsed(args);
    EXPECT_EQ(line.verb, Verb::kStatus);
    EXPECT_EQ(line.global.server.socket, "/x");
    EXPECT_EQ(line.global.output, Output::kJson);
    EXPECT_TRUE(line.global.no_color);
    EXPECT_EQ(line.global.timeout, 90s);
  }
}

TEST(CommandTree, EveryVerbTakesTheGlobalOptions) {
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"findings"},
                                             {"endpoints"},
                                             {"exposure"},
                                             {"attempts"},
                                             {"version"},
                                             {"completion", "zsh"},
                                             {"explain", "--to", "a/b", "--from", "::1", "--port", "1"}}) {
    auto args = verb;
    args.insert(args.end(), {"--server", "unix:/x", "-o", "wide", "--no-color", "--timeout", "1s"});
    EXPECT_EQ(parsed(args).global.output, Output::kWide) << verb[0];
  }
}

TEST(CommandTree, TheServerComesFromTheOptionElseTheEnvironmentElseItsDefault) {
  EXPECT_EQ(parse({"status"})->global.server.socket, "/run/sextant/sextant.sock");
  EXPECT_EQ(parse({"status"}, {{"SEXTANT_SERVER", ""}})->global.server.socket, "/run/sextant/sextant.sock");
  EXPECT_EQ(parse({"status"}, {{"SEXTANT_SERVER", "unix:/env"}})->global.server.socket, "/env");
  EXPECT_EQ(parse({"status", "--server", "unix:/o"}, {{"SEXTANT_SERVER", "unix:/env"}})->global.server.socket, "/o");
  const auto bad = parse({"status"}, {{"SEXTANT_SERVER", "nowhere"}});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().what, StartsWith("$SEXTANT_SERVER: 'nowhere' is no server"));
}

TEST(CommandTree, ReadsTheFiltersOfFindings) {
  const FindingsOptions f = parsed({"findings", "--all", "--since", "10m", "--severity", "critical,warning",
                                    "--severity", "info", "--code", "SXT001", "--code", "sxt5", "-n", "shop"})
                                .findings;
  EXPECT_TRUE(f.all);
  EXPECT_EQ(f.since, kNow - 10min);
  EXPECT_THAT(f.severities, ElementsAre("critical", "warning", "info"));
  EXPECT_THAT(f.codes, ElementsAre("SXT001", "SXT005"));
  EXPECT_EQ(f.ns, "shop");
  EXPECT_EQ(parsed({"findings", "--since", "2026-11-20T00:00:00Z"}).findings.since, kNow - 24h);
  EXPECT_TRUE(parsed({"findings", "--watch"}).findings.watch);
  EXPECT_EQ(parsed({"findings", "--fail-on", "warning"}).findings.fail_on, Severity::kWarning);
}

TEST(CommandTree, ARepeatableOptionLeavesTheArgumentAlone) {
  const FindingsOptions f = parsed({"findings", "--fail-on", "critical", "SXT001-6f1c2b9d"}).findings;
  EXPECT_EQ(f.id, "SXT001-6f1c2b9d");
  const OfflineOptions o = parsed({"exposure", "--manifests", "a", "-f", "b", "shop/db"}).exposure.offline;
  EXPECT_THAT(o.manifests, ElementsAre("a", "b"));
  EXPECT_EQ(parsed({"exposure", "-f", "-", "shop/db"}).exposure.name, "shop/db");
}

TEST(CommandTree, ReadsTheOptionsOfEndpointsAndAttempts) {
  const EndpointsOptions e = parsed({"endpoints", "shop/db", "-n", "shop", "--all"}).endpoints;
  EXPECT_EQ(e.name, "shop/db");
  EXPECT_EQ(e.ns, "shop");
  EXPECT_TRUE(e.all);
  EXPECT_FALSE(parsed({"endpoints", "--public"}).endpoints.all);
  const AttemptsOptions a = parsed({"attempts", "--top", "5", "--watch", "--namespace", "shop"}).attempts;
  EXPECT_EQ(a.top, 5U);
  EXPECT_TRUE(a.watch);
  EXPECT_EQ(a.ns, "shop");
  EXPECT_EQ(parsed({"attempts"}).attempts.top, 20U);
}

TEST(CommandTree, AnArgumentMayBeNamedLikeAVerb) {
  EXPECT_EQ(parsed({"endpoints", "status"}).endpoints.name, "status");
  EXPECT_EQ(parsed({"help", "findings"}).help_on, "findings");
}

TEST(CommandTree, ReadsBothEndsOfAnExplanation) {
  const ExplainOptions e =
      parsed({"explain", "--to", "shop/db", "--from", "2001:db8::1", "--port", "128/icmpv6"}).explain;
  EXPECT_EQ(e.to, "shop/db");
  EXPECT_EQ(e.from, "2001:db8::1");
  EXPECT_EQ(e.port.port, 128);
  EXPECT_EQ(e.port.protocol, Protocol::kIcmpv6);
}

TEST(CommandTree, ReadsCiliumsOptionsForTheOfflineVerbs) {
  const OfflineOptions o = parsed({"exposure",
                                   "--manifests",
                                   "m",
                                   "--cilium",
                                   "1.18.6",
                                   "--node",
                                   "n1",
                                   "--enable-policy",
                                   "always",
                                   "--enable-host-firewall",
                                   "--allow-localhost",
                                   "policy",
                                   "--policy-default-local-cluster",
                                   "false",
                                   "--enable-node-selector-labels",
                                   "--policy-cidr-match-mode",
                                   "nodes",
                                   "--dual-stack",
                                   "--cluster-name",
                                   "c1",
                                   "--cluster-network",
                                   "fd00::/8",
                                   "--trusted-network",
                                   "2001:db8:7::/48,2001:db8:8::/48"})
                               .exposure.offline;
  EXPECT_EQ(o.engine.release, policy::Release::k1_18_6);
  EXPECT_EQ(o.node, "n1");
  EXPECT_EQ(o.engine.enable_policy, policy::EnablePolicy::kAlways);
  EXPECT_TRUE(o.engine.enable_host_firewall);
  EXPECT_FALSE(o.engine.allow_localhost);
  EXPECT_EQ(o.engine.policy_default_local_cluster, false);
  EXPECT_TRUE(o.engine.enable_node_selector_labels);
  EXPECT_TRUE(o.engine.policy_cidr_match_nodes);
  EXPECT_TRUE(o.engine.dual_stack);
  EXPECT_EQ(o.engine.cluster_name, "c1");
  EXPECT_EQ(o.engine.cluster_networks.size(), 1U);
  EXPECT_EQ(o.engine.trusted_networks.size(), 2U);
}

TEST(CommandTree, CiliumsOptionsNeedManifests) {
  EXPECT_THAT(error_of({"exposure", "--cilium", "1.18.6"}), HasSubstr("--manifests"));
  EXPECT_THAT(error_of({"exposure", "--dual-stack"}), HasSubstr("--manifests"));
}

TEST(CommandTree, SaysWhatIsWrongWithAValue) {
  EXPECT_EQ(error_of({"status", "-o", "xml"}), "status: --output: 'xml' is none of table|wide|json|yaml");
  EXPECT_EQ(error_of({"findings", "--severity", "bad"}),
            "findings: --severity: 'bad' is none of critical|warning|info");
  EXPECT_EQ(error_of({"findings", "--code", "CVE-1"}), "findings: --code: 'CVE-1' is no code: SXT001 is expected");
  EXPECT_THAT(error_of({"status", "--timeout", "soon"}), StartsWith("status: --timeout: 'soon' is no duration"));
  EXPECT_EQ(error_of({"status", "--timeout", "0s"}), "status: --timeout: must be longer than nothing");
  EXPECT_THAT(error_of({"status", "--server", "x"}), StartsWith("status: --server: 'x' is no server"));
  EXPECT_THAT(error_of({"findings", "--since", "x"}), StartsWith("findings: --since: 'x' is no time"));
  EXPECT_EQ(error_of({"attempts", "--top", "-5"}), "attempts: --top: '-5' is no number");
  EXPECT_EQ(error_of({"completion", "tcsh"}), "completion: SHELL: 'tcsh' is none of bash|zsh|fish");
  EXPECT_THAT(error_of({"exposure", "-f", "m", "--cilium", "0.1"}), StartsWith("exposure: --cilium: "));
  EXPECT_THAT(error_of({"exposure", "-f", "m", "--trusted-network", "x"}), StartsWith("exposure: --trusted-network: "));
}

TEST(CommandTree, SaysWhatIsWrongWithTheEndsOfAnExplanation) {
  const auto with = [](const std::string& to, const std::string& from, const std::string& port) {
    return error_of({"explain", "--to", to, "--from", from, "--port", port});
  };
  EXPECT_THAT(with("db", "::1", "1"), StartsWith("explain: --to: 'db' is no destination: NAMESPACE/POD"));
  EXPECT_THAT(with("a/b", "everyone", "1"), StartsWith("explain: --from: 'everyone' is no source"));
  EXPECT_THAT(with("a/b", "::1", "https"), StartsWith("explain: --port: 'https' is no port"));
  EXPECT_THAT(with("a/b", "::1", "65536"), HasSubstr("0 to 65535"));
  EXPECT_THAT(with("a/b", "::1", "256/ICMPv6"), HasSubstr("0 to 255"));
  EXPECT_EQ(error_of({"explain", "--from", "::1", "--port", "1"}), "explain: --to is required");
}

TEST(CommandTree, NamesTheOptionThatIsNotThereAndTheNearest) {
  EXPECT_EQ(error_of({"findings", "--sevrity=critical"}),
            "findings: no option '--sevrity'; did you mean '--severity'?");
  EXPECT_EQ(error_of({"findings", "--frobnicate"}), "findings: no option '--frobnicate'");
  EXPECT_EQ(error_of({"--frobnicate", "findings"}), "findings: no option '--frobnicate'");
  EXPECT_EQ(error_of({"status", "now"}), "status: unexpected 'now'");
}

TEST(CommandTree, NamesTheVerbThatIsNotThereAndTheNearest) {
  EXPECT_EQ(error_of({"fndings"}), "no verb 'fndings'; did you mean 'findings'?");
  EXPECT_EQ(error_of({"frobnicate", "--all"}), "no verb 'frobnicate'");
}

TEST(CommandTree, VerbsOfLaterVersionsSaySoWhateverFollows) {
  for (const char* verb : {"verify", "probe"}) {
    EXPECT_EQ(error_of({verb}), std::string(verb) + ": not in this version");
    EXPECT_EQ(error_of({verb, "--manifests", "x", "y"}), std::string(verb) + ": not in this version");
    EXPECT_EQ(parse({verb}).error().see, "");
  }
  EXPECT_EQ(parse({"nonsense"}).error().see, "sextant --help");
}

TEST(CommandTree, BenchTakesAsManyPrefixesAsItsTablesHold) {
  EXPECT_THAT(parsed({"bench"}).bench.prefixes, testing::IsEmpty());
  EXPECT_THAT(parsed({"bench", "--prefixes", "1,100000", "--prefixes", "16"}).bench.prefixes,
              testing::ElementsAre(1U, 100'000U, 16U));
  for (const char* wrong : {"0", "100001", "-1", "many", ""})
    EXPECT_THAT(error_of({"bench", "--prefixes", wrong}), HasSubstr("from 1 to 100000")) << wrong;
}

TEST(CommandTree, BenchIsBoundedInTime) {
  EXPECT_EQ(parsed({"bench"}).bench.duration, std::chrono::seconds(5));
  EXPECT_EQ(parsed({"bench", "--duration", "10m"}).bench.duration, std::chrono::minutes(10));
  EXPECT_EQ(parsed({"bench", "--duration", "1s"}).bench.duration, std::chrono::seconds(1));
  for (const char* wrong : {"10m1s", "999ms", "0"})
    EXPECT_EQ(error_of({"bench", "--duration", wrong}), "bench: --duration: must be from 1s to 10m");
}

TEST(CommandTree, BenchIsOfThisMachineEvenAsAPluginOfKubectl) {
  EXPECT_THAT(error_of({"--cluster", "bench"}), HasSubstr("kubectl -n sextant exec POD -- sextant bench"));
}

TEST(CommandTree, RefusesWhatDoesNotGoTogether) {
  EXPECT_THAT(error_of({"findings", "SXT001-6f1c2b9d", "--all"}), HasSubstr("one finding"));
  EXPECT_THAT(error_of({"findings", "--watch", "--fail-on", "info"}), HasSubstr("never ends"));
  EXPECT_THAT(error_of({"endpoints", "--all", "--public"}), HasSubstr("--public"));
}

TEST(CommandTree, TheLastOfAnOptionCounts) {
  EXPECT_EQ(parsed({"status", "-o", "json", "-o", "yaml"}).global.output, Output::kYaml);
}

TEST(CommandTree, HelpIsAskedForInEveryWay) {
  EXPECT_EQ(parsed({"--help"}).verb, Verb::kHelp);
  EXPECT_EQ(parsed({"explain", "-h"}).help_on, "explain");
  EXPECT_EQ(parsed({"help", "explain"}).help_on, "explain");
}

std::string help(std::string_view verb, std::size_t columns = 80, const std::string& program = "sextant") {
  const CommandTree tree({.program = program, .now = kNow});
  return tree.help(verb, columns).value();
}

TEST(Help, ListsTheVerbsThatWorkAndNoOthers) {
  const std::string text = help("");
  for (const char* verb :
       {"status", "findings", "endpoints", "exposure", "explain", "attempts", "bench", "completion", "version"})
    EXPECT_THAT(text, HasSubstr("\n  " + std::string(verb) + " ")) << verb;
  for (const char* verb : {"verify", "probe"}) EXPECT_THAT(text, Not(HasSubstr(std::string("\n  ") + verb))) << verb;
}

TEST(Help, OfAVerbShowsUsageOptionsAndExamples) {
  const std::string text = help("explain");
  EXPECT_THAT(text, HasSubstr("Usage: sextant explain --to ENDPOINT --from SOURCE --port PORT[/PROTOCOL] [OPTIONS]\n"));
  EXPECT_THAT(text, HasSubstr("--enable-host-firewall"));
  EXPECT_THAT(text, HasSubstr("Options of every verb:"));
  EXPECT_THAT(text, HasSubstr("Examples:\n  sextant explain --to shop/db"));
}

TEST(Help, SpeaksOfKubectlWhenRunAsItsPlugin) {
  const std::string text = help("exposure", 80, "kubectl sextant");
  EXPECT_THAT(text, HasSubstr("Usage: kubectl sextant exposure [ENDPOINT] [OPTIONS]"));
  EXPECT_THAT(text, HasSubstr("kubectl kustomize . | kubectl sextant exposure --manifests -"));
  EXPECT_THAT(text, Not(HasSubstr("PROGRAM")));
}

TEST(Help, FitsTheTerminalButForExamplesAndUsage) {
  for (const std::size_t columns : {60U, 80U, 120U}) {
    for (const char* verb : {"", "findings", "exposure", "explain", "attempts", "bench"}) {
      std::string text = help(verb, columns);
      text = text.substr(text.find("\n\n", text.find("Usage:")),
                         text.find("\nExamples:") - text.find("\n\n", text.find("Usage:")));
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), columns) << line;
    }
  }
}

TEST(Help, OfAVerbThatIsNotThereIsAUsageError) {
  const CommandTree tree({.now = kNow});
  EXPECT_EQ(tree.help("fndings", 80).error().what, "no verb 'fndings'; did you mean 'findings'?");
  EXPECT_EQ(tree.help("verify", 80).error().what, "verify: not in this version");
}

TEST(CommandTree, APluginOfKubectlAsksTheClusterUnlessItIsToldWhichDaemon) {
  const auto of = [](const std::string& program, std::vector<std::string> args) {
    CommandTree tree({.program = program});
    return tree.parse(args);
  };
  EXPECT_FALSE(of("sextant", {"status"})->global.cluster);
  EXPECT_TRUE(of("sextant", {"status", "--cluster"})->global.cluster);
  EXPECT_TRUE(of("kubectl sextant", {"status"})->global.cluster);
  EXPECT_FALSE(of("kubectl sextant", {"status", "--server", "unix:/s"})->global.cluster);
  const auto given = of("kubectl sextant", {"--context", "prod", "findings", "--server", "http://127.0.0.1:8001"});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->global.cluster->context, "prod");
  EXPECT_EQ(given->global.cluster->ns, "sextant");
  EXPECT_EQ(given->global.cluster->proxy->port, 8001);
  EXPECT_TRUE(of("sextant", {"exposure", "--kubeconfig", "c"})->global.cluster);
}

TEST(CommandTree, WhatAsksOneDaemonIsRefusedOfACluster) {
  for (const auto& args :
       std::vector<std::vector<std::string>>{{"findings", "--watch"},
                                             {"attempts", "--watch"},
                                             {"explain", "--to", "a/b", "--from", "::1", "--port", "1"}}) {
    CommandTree tree({.program = "kubectl sextant"});
    const auto refused = tree.parse(args);
    ASSERT_FALSE(refused) << args[0];
    EXPECT_THAT(refused.error().what, HasSubstr("kubectl -n sextant exec POD -- sextant " + args[0]));
  }
  CommandTree tree({});
  EXPECT_THAT(tree.parse({"status", "--cluster", "--server", "unix:/s"}).error().what, HasSubstr("`kubectl proxy`"));
}

}  // namespace
}  // namespace sextant::app::cli
