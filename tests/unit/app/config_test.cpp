#include "agent/app/config.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/app/config_value.h"

namespace sextant::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kMinimal = "source: {manifests: {path: /m}}\n";

Config parse(std::string_view text, std::vector<std::string> overrides = {}) {
  auto config = parse_config({.name = "sextant.yaml", .text = std::string(text), .overrides = std::move(overrides)});
  if (config) return *std::move(config);
  for (const auto& problem : config.error()) ADD_FAILURE() << problem.to_string();
  return {};
}

// With a source, so that only what is tested is wrong.
Config parse_more(std::string_view text) { return parse(std::string(kMinimal) + std::string(text)); }

std::vector<std::string> problems(std::string_view text, std::vector<std::string> overrides = {}) {
  auto config = parse_config({.name = "sextant.yaml", .text = std::string(text), .overrides = std::move(overrides)});
  std::vector<std::string> texts;
  if (config) return texts;
  for (const auto& problem : config.error()) texts.push_back(problem.to_string());
  return texts;
}

std::string problem(std::string_view text) {
  const auto all = problems(std::string(kMinimal) + std::string(text));
  EXPECT_EQ(all.size(), 1U) << text;
  return all.empty() ? "" : all.front();
}

std::string problem_of_set(std::string override_text) {
  const auto all = problems(kMinimal, {std::move(override_text)});
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? "" : all.front();
}

// INTERFACES.md, "Configuration".
TEST(Config, ReadsTheDocumentedExample) {
  const Config c = parse(R"(
node: { name: "" }                 # default: $NODE_NAME, else the host's name
source:                            # exactly one
  kubernetes: {}                   # in-cluster; kubeconfig: FILE outside
  # manifests: { path: /etc/sextant/manifests }
uplinks: []                        # default: every interface that holds an IPv6 default route
networks: { cluster: [], trusted: [] }   # prefixes added to those discovered
datapath: { enabled: true, cgroup: "" }  # cgroup: default the cgroup2 mount in /proc/self/mountinfo
cilium:                            # default: read from the cluster's cilium-config
  version: auto
  enable-policy: default
  enable-host-firewall: false
  allow-localhost: auto
  policy-default-local-cluster: true
  bpffs: /sys/fs/bpf
canary: { enabled: false, interval: 60s, rate: 20 }   # probes a second at most
contract: { path: "" }
findings: { quiet: 10m }
api: { socket: /run/sextant/sextant.sock, listen: ["[::1]:9713"] }
store: { path: /var/lib/sextant/sextant.db, keep: 90d }
alerts: []                         # alertmanager, webhook, ntfy, discord, slack; secrets by *_file
log: { level: info, format: text } # text or json
)");
  EXPECT_FALSE(c.node.empty());
  EXPECT_TRUE(c.source.kubernetes);
  EXPECT_FALSE(c.source.manifests);
  EXPECT_EQ(c.cilium.options.policy_default_local_cluster, true);
  EXPECT_EQ(c.findings.quiet, 10min);
  EXPECT_EQ(c.store.keep, 24h * 90);
  EXPECT_THAT(c.api.listen, ElementsAre("[::1]:9713"));
}

TEST(Config, HasTheDocumentedDefaults) {
  const Config c = parse(kMinimal);
  EXPECT_EQ(c.source.manifests, "/m");
  EXPECT_FALSE(c.source.kubernetes);
  EXPECT_EQ(c.source.stale, 10min);
  EXPECT_THAT(c.uplinks, IsEmpty());
  EXPECT_TRUE(c.datapath.enabled);
  EXPECT_EQ(c.cilium.version, "auto");
  EXPECT_EQ(c.cilium.options.release, policy::kNewestRelease);
  EXPECT_EQ(c.cilium.options.policy_default_local_cluster, std::nullopt);
  EXPECT_EQ(c.cilium.dual_stack, std::nullopt);
  EXPECT_EQ(c.cilium.settle, 10s);
  EXPECT_FALSE(c.canary.enabled);
  EXPECT_EQ(c.canary.interval, 60s);
  EXPECT_EQ(c.canary.rate, 20U);
  EXPECT_EQ(c.findings.quiet, 10min);
  EXPECT_EQ(c.api.socket, "/run/sextant/sextant.sock");
  EXPECT_FALSE(c.api.allow_public);
  EXPECT_EQ(c.store.keep, 24h * 90);
  EXPECT_EQ(c.log.level, "info");
}

TEST(Config, ReadsEveryKey) {
  const Config c = parse(R"(
node: {name: n1}
source: {kubernetes: {kubeconfig: /root/kubeconfig}, stale: 5m}
uplinks: [eth0, tailscale0]
networks: {cluster: [2001:db8:1::/48], trusted: [2001:db8:2::/48, 192.0.2.1]}
datapath:
  enabled: no
  cgroup: /sys/fs/cgroup/unified
  sizes: {endpoints: 1, source-ranges: 2, cells: 3, port-ranges: 4, rows: 5, attempts: 6, ring-bytes: 4096}
cilium:
  version: 1.19.5
  cluster-name: home
  enable-policy: always
  enable-host-firewall: true
  allow-localhost: policy
  policy-default-local-cluster: auto
  enable-node-selector-labels: true
  policy-cidr-match-mode: nodes
  dual-stack: true
  bpffs: /bpf
  settle: 0s
canary: {enabled: true, interval: 1h30m, rate: 1}
contract: {path: /c.yaml}
findings: {quiet: 90s, severities: {SXT005: critical, SXT012: warning}}
api: {socket: /s, listen: ["[fe80::1%eth0]:1", "127.0.0.1:0"], public: true}
store: {path: /db, keep: 1h}
alerts: [{type: ntfy, url: "https://ntfy.example/x"}, {type: slack, url_file: /secret}]
log: {level: debug, format: json}
)");
  EXPECT_EQ(c.node, "n1");
  EXPECT_EQ(c.source.kubeconfig, "/root/kubeconfig");
  EXPECT_EQ(c.source.stale, 5min);
  EXPECT_THAT(c.uplinks, ElementsAre("eth0", "tailscale0"));
  EXPECT_EQ(c.cluster_networks.at(0).to_string(), "2001:db8:1::/48");
  EXPECT_EQ(c.trusted_networks.at(1).to_string(), "192.0.2.1/32");
  EXPECT_EQ(c.cilium.options.cluster_networks, c.cluster_networks);
  EXPECT_EQ(c.cilium.options.trusted_networks, c.trusted_networks);
  EXPECT_FALSE(c.datapath.enabled);
  EXPECT_EQ(c.datapath.cgroup, "/sys/fs/cgroup/unified");
  const auto& sizes = c.datapath.sizes;
  EXPECT_THAT((std::vector{sizes.endpoints, sizes.source_ranges, sizes.cells, sizes.port_ranges, sizes.rows,
                           sizes.attempts, sizes.ring_bytes}),
              ElementsAre(1U, 2U, 3U, 4U, 5U, 6U, 4096U));
  EXPECT_EQ(c.cilium.version, "1.19.5");
  EXPECT_EQ(policy::to_string(c.cilium.options.release), "1.19.3");
  EXPECT_EQ(c.cilium.options.cluster_name, "home");
  EXPECT_EQ(c.cilium.options.enable_policy, policy::EnablePolicy::kAlways);
  EXPECT_TRUE(c.cilium.options.enable_host_firewall);
  EXPECT_FALSE(c.cilium.options.allow_localhost);
  EXPECT_EQ(c.cilium.options.policy_default_local_cluster, std::nullopt);
  EXPECT_TRUE(c.cilium.options.enable_node_selector_labels);
  EXPECT_TRUE(c.cilium.options.policy_cidr_match_nodes);
  EXPECT_EQ(c.cilium.dual_stack, true);
  EXPECT_TRUE(c.cilium.options.dual_stack);
  EXPECT_EQ(c.cilium.bpffs, "/bpf");
  EXPECT_EQ(c.cilium.settle, 0s);
  EXPECT_TRUE(c.canary.enabled);
  EXPECT_EQ(c.canary.interval, 90min);
  EXPECT_EQ(c.canary.rate, 1U);
  EXPECT_EQ(c.contract, "/c.yaml");
  EXPECT_EQ(c.findings.quiet, 90s);
  EXPECT_EQ(c.findings.severities.at("SXT005"), Severity::kCritical);
  EXPECT_EQ(c.findings.severities.at("SXT012"), Severity::kWarning);
  EXPECT_EQ(c.api.socket, "/s");
  EXPECT_THAT(c.api.listen, ElementsAre("[fe80::1%eth0]:1", "127.0.0.1:0"));
  EXPECT_TRUE(c.api.allow_public);
  EXPECT_EQ(c.store.path, "/db");
  EXPECT_EQ(c.store.keep, 1h);
  EXPECT_EQ(c.alerts.size(), 2U);
  EXPECT_EQ(c.alerts[1].string_at("url_file"), "/secret");
  EXPECT_EQ(c.log.level, "debug");
  EXPECT_EQ(c.log.format, "json");
}

TEST(Config, TakesNullForAKeyLeftOut) {
  const Config c = parse_more("node:\nnetworks: {cluster: ~}\nfindings: {quiet: , severities: }\n");
  EXPECT_EQ(c.findings.quiet, 10min);
}

TEST(Config, NamesTheNodeByTheEnvironmentOrTheHost) {
  ::setenv("NODE_NAME", "from-env", 1);
  EXPECT_EQ(parse(kMinimal).node, "from-env");
  EXPECT_EQ(parse_more("node: {name: mine}\n").node, "mine");
  ::setenv("NODE_NAME", "", 1);
  char host[256] = {};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  EXPECT_EQ(parse(kMinimal).node, host);
  ::unsetenv("NODE_NAME");
  EXPECT_EQ(parse(kMinimal).node, host);
}

TEST(Config, NamesTheNearestKeyForOneItDoesNotKnow) {
  EXPECT_EQ(problem("nod: {name: x}\n"), "sextant.yaml:2: nod: unknown key; the nearest known one is node");
  EXPECT_EQ(problem("findings:\n  quite: 10m\n"),
            "sextant.yaml:3: findings.quite: unknown key; the nearest known one is findings.quiet");
  EXPECT_EQ(problem("quiet: 10m\n"), "sextant.yaml:2: quiet: unknown key; the nearest known one is findings.quiet");
  EXPECT_EQ(problem("cilium:\n  enable_policy:\n    always\n"),
            "sextant.yaml:3: cilium.enable_policy: unknown key; the nearest known one is cilium.enable-policy");
  EXPECT_EQ(problem("datapath: {sizes: {endpoint: 1}}\n"),
            "sextant.yaml:2: datapath.sizes.endpoint: unknown key; the nearest known one is datapath.sizes.endpoints");
  EXPECT_EQ(problem_of_set("log.levle=debug"),
            "--set log.levle: log.levle: unknown key; the nearest known one is log.level");
  EXPECT_THAT(problem("node: {name: {deeper: 1}}\n"), HasSubstr("node.name: a string is wanted, not a map"));
  EXPECT_THAT(problem("? " + std::string(100'000, 'k') + "\n: 1\n"),
              testing::StartsWith("sextant.yaml:2: '" + std::string(80, 'k') + "...': unknown key"));
  EXPECT_THAT(problem("\"a\\e[31m\": 1\n"), HasSubstr("'a\\x1b[31m': unknown key"));
}

TEST(Config, TellsAllProblemsAtOnce) {
  EXPECT_THAT(problems("uplinks: 1\nlog: {level: loud}\nx: 1\n", {"canary.rate=0", "nonsense"}),
              ElementsAre("sextant.yaml:3: x: unknown key; the nearest known one is api",
                          "--set 'nonsense': key.path=value is wanted",
                          "sextant.yaml:1: uplinks: a list is wanted, not an integer",
                          "sextant.yaml:2: log.level: 'loud' is none of trace, debug, info, warn or error",
                          "--set canary.rate: canary.rate: 0 is not from 1 to 10000",
                          "sextant.yaml: source: neither kubernetes nor manifests: exactly one is wanted"));
}

TEST(Config, NamesTheLineOfBrokenYaml) {
  EXPECT_THAT(problems("node: {name: a}\nnode: {name: b}\n"),
              ElementsAre("sextant.yaml:2: duplicate key 'node', first on line 1"));
  EXPECT_EQ(problems("a: [\n").size(), 1U);
  EXPECT_THAT(problems("just text\n").at(0), "sextant.yaml:1: a map is wanted, not a string");
  EXPECT_THAT(problems(std::string(kMinimal) + "---\nlog: {level: info}\n"),
              ElementsAre("sextant.yaml:3: more than one YAML document"));
}

TEST(Config, WantsExactlyOneSource) {
  constexpr std::string_view kNeither = "sextant.yaml: source: neither kubernetes nor manifests: exactly one is wanted";
  constexpr std::string_view kBoth = "sextant.yaml: source: kubernetes and manifests: exactly one is wanted";
  EXPECT_THAT(problems(""), ElementsAre(kNeither));
  EXPECT_THAT(problems("# nothing\n"), ElementsAre(kNeither));
  EXPECT_THAT(problems("source: {}\n"), ElementsAre(kNeither));
  EXPECT_THAT(problems("source: {kubernetes: }\n"), ElementsAre(kNeither));
  EXPECT_THAT(problems("source: {kubernetes: {}, manifests: {path: /m}}\n"), ElementsAre(kBoth));
  EXPECT_THAT(problems("", {"source.kubernetes={}", "source.manifests.path=/m"}), ElementsAre(kBoth));
  EXPECT_THAT(problems("source: {manifests: {}}\n"), ElementsAre("sextant.yaml: source.manifests.path: missing"));
  EXPECT_THAT(problems("source: {manifests: {path: ''}}\n"),
              ElementsAre("sextant.yaml:1: source.manifests.path: a folder is wanted"));
  EXPECT_THAT(problems("source: {kubernetes: true}\n").at(0),
              HasSubstr("sextant.yaml:1: source.kubernetes: a map is wanted, not a boolean"));
}

TEST(Config, LetsTheCommandLineChooseTheSource) {
  const Config folder = parse("source: {kubernetes: {kubeconfig: /k}}\n", {"source.manifests.path=/m"});
  EXPECT_FALSE(folder.source.kubernetes);
  EXPECT_EQ(folder.source.manifests, "/m");
  const Config cluster = parse(kMinimal, {"source.kubernetes={}"});
  EXPECT_TRUE(cluster.source.kubernetes);
  EXPECT_EQ(cluster.source.manifests, std::nullopt);
  EXPECT_EQ(
      parse("source: {kubernetes: {}}\n", {"source.kubernetes=null", "source.manifests.path=/m"}).source.manifests,
      "/m");
}

TEST(ConfigSet, ReplacesWhatTheFileSays) {
  const Config c = parse(std::string(kMinimal) + "findings: {quiet: 1m, severities: {SXT005: info}}\nuplinks: [eth0]\n",
                         {"findings.quiet=2m", "findings.quiet=3m", "findings.severities.SXT005=critical",
                          "findings.severities.SXT009=info", "uplinks=[wg0, eth1]"});
  EXPECT_EQ(c.findings.quiet, 3min);
  EXPECT_EQ(c.findings.severities.at("SXT005"), Severity::kCritical);
  EXPECT_EQ(c.findings.severities.at("SXT009"), Severity::kInfo);
  EXPECT_THAT(c.uplinks, ElementsAre("wg0", "eth1"));
}

TEST(ConfigSet, TakesYamlOrPlainWords) {
  const Config c = parse(kMinimal, {"api.listen=[::1]:9713", "uplinks=eth0", "log={level: debug, format: json}",
                                    "networks.trusted=[2001:db8::/48]", "node.name=a=b", "findings.quiet="});
  EXPECT_THAT(c.api.listen, ElementsAre("[::1]:9713"));
  EXPECT_THAT(c.uplinks, ElementsAre("eth0"));
  EXPECT_EQ(c.log.level, "debug");
  EXPECT_EQ(c.log.format, "json");
  EXPECT_EQ(c.node, "a=b");
  EXPECT_EQ(c.findings.quiet, 10min);
}

TEST(ConfigSet, NamesTheOptionThatIsWrong) {
  EXPECT_EQ(problem_of_set("novalue"), "--set 'novalue': key.path=value is wanted");
  EXPECT_EQ(problem_of_set("=x"), "--set '=x': key.path=value is wanted");
  EXPECT_EQ(problem_of_set("datapath.enabled=maybe"),
            "--set datapath.enabled: datapath.enabled: a boolean is wanted, not a string");
  EXPECT_EQ(problem_of_set("api.listen=[x, '[::1]:1']"),
            "--set api.listen: api.listen[0]: 'x' is no address to listen on: '[::1]:9713' is, or '127.0.0.1:9713'");
  EXPECT_EQ(problem_of_set("log=loud"), "--set log: log: a map is wanted, not a string");
}

TEST(Config, RefusesWrongTypes) {
  const std::pair<const char*, const char*> cases[] = {
      {"node: {name: 5}", "node.name: a string is wanted, not an integer"},
      {"node: [a]", "node: a map is wanted, not a list"},
      {"uplinks: eth0", "uplinks: a list is wanted, not a string"},
      {"uplinks: [1]", "uplinks[0]: a string is wanted, not an integer"},
      {"networks: {trusted: '2001:db8::/32'}", "networks.trusted: a list is wanted, not a string"},
      {"networks: {trusted: [5]}", "networks.trusted[0]: a string is wanted, not an integer"},
      {"datapath: {enabled: 'true'}", "datapath.enabled: a boolean is wanted, not a string"},
      {"datapath: {sizes: {rows: many}}", "datapath.sizes.rows: an integer is wanted, not a string"},
      {"canary: {rate: 1.5}", "canary.rate: an integer is wanted, not a number"},
      {"cilium: {enable-policy: [always]}", "cilium.enable-policy: a string is wanted, not a list"},
      {"cilium: {bpffs: 1}", "cilium.bpffs: a string is wanted, not an integer"},
      {"cilium: {version: {}}", "cilium.version: a release as 1.19.3 is wanted, or auto"},
      {"findings: {severities: [info]}", "findings.severities: a map is wanted, not a list"},
      {"findings: {quiet: [1m]}", "findings.quiet: a string is wanted, not a list"},
      {"alerts: {type: ntfy}", "alerts: a list is wanted, not a map"},
      {"alerts: [ntfy]", "alerts[0]: a map is wanted, not a string"},
      {"log: {level: 3}", "log.level: '3' is none of trace, debug, info, warn or error"},
      {"store: {path: yes}", "store.path: a string is wanted, not a boolean"},
  };
  for (const auto& [text, wanted] : cases) {
    EXPECT_EQ(problem(std::string(text) + "\n"), std::string("sextant.yaml:2: ") + wanted);
  }
}

TEST(Config, RefusesBadPrefixes) {
  EXPECT_EQ(
      problem("networks:\n  cluster:\n  - ::/0\n  - 2001:db8::/129\n"),
      "sextant.yaml:5: networks.cluster[1]: '2001:db8::/129' is no prefix: '129' is no prefix length from 0 to 128");
  EXPECT_EQ(problem("networks: {cluster: [x]}\n"), "sextant.yaml:2: networks.cluster[0]: 'x' is no prefix");
  EXPECT_EQ(problem("networks: {trusted: ['2001:db8::1/32']}\n"),
            "sextant.yaml:2: networks.trusted[0]: '2001:db8::1/32' has bits set behind its length: the prefix is "
            "2001:db8::/32");
}

TEST(Config, RefusesBadDurations) {
  EXPECT_EQ(problem("findings: {quiet: 10}\n"),
            "sextant.yaml:2: findings.quiet: '10' is no duration: '250ms', '60s', '10m', '1h30m', '90d' are");
  EXPECT_EQ(problem("findings: {quiet: 250ms}\n"),
            "sextant.yaml:2: findings.quiet: '250ms' is too short: at least 1 seconds");
  EXPECT_EQ(problem("findings: {quiet: 1500ms}\n"),
            "sextant.yaml:2: findings.quiet: '1500ms' does not come to whole seconds");
  EXPECT_EQ(problem("store: {keep: 30m}\n"), "sextant.yaml:2: store.keep: '30m' is too short: at least 1 hours");
  EXPECT_EQ(problem("store: {keep: 90m}\n"), "sextant.yaml:2: store.keep: '90m' does not come to whole hours");
}

TEST(Config, RefusesBadListenAddresses) {
  for (const auto* text :
       {"'::1:9713'", "'[::1]'", "'[::1]:'", "'[::1]:65536'", "'[::1]:x'", "localhost:9713", "':9713'",
        "'[127.0.0.1]:1'", "'127.0.0.1'", "'[]:1'", "'[::1%eth0]:1'", "'[fe80::1%]:1'", "''", "'[::1]:-1'"}) {
    EXPECT_THAT(problem("api: {listen: [" + std::string(text) + "]}\n"), HasSubstr("is no address to listen on"))
        << text;
  }
  EXPECT_THAT(parse_more("api: {listen: ['[::]:9713', '0.0.0.0:1', '[fe80::1%eth0]:2']}\n").api.listen.size(), 3U);
  EXPECT_THAT(parse_more("api: {listen: []}\n").api.listen, IsEmpty());
}

TEST(Config, RefusesBadReleasesOfCilium) {
  for (const auto* text : {"1.19", "1.19.x", "newest", "'1.19.'", "1.19.3.1", "'.1.2'", "v1", "''", "1..2"}) {
    EXPECT_THAT(problem("cilium: {version: " + std::string(text) + "}\n"), HasSubstr("is no release")) << text;
  }
  EXPECT_THAT(problem("cilium: {version: 1.2.3}\n"), HasSubstr("cilium.version: "));
  EXPECT_EQ(policy::to_string(parse_more("cilium: {version: 1.17.9}\n").cilium.options.release), "1.17.0");
}

TEST(Config, RefusesBadValues) {
  const std::pair<const char*, const char*> cases[] = {
      {"uplinks: [a/b]", "uplinks[0]: 'a/b' is no name of an interface"},
      {"uplinks: ['']", "uplinks[0]: '' is no name of an interface"},
      {"datapath: {cgroup: sys}", "datapath.cgroup: 'sys' is no absolute path"},
      {"datapath: {sizes: {ring-bytes: 5000}}", "datapath.sizes.ring-bytes: 5000 is no power of two"},
      {"datapath: {sizes: {ring-bytes: 2048}}", "datapath.sizes.ring-bytes: 2048 is not from 4096 to 1073741824"},
      {"datapath: {sizes: {rows: 0}}", "datapath.sizes.rows: 0 is not from 1 to 16777216"},
      {"datapath: {sizes: {rows: 16777217}}", "datapath.sizes.rows: 16777217 is not from 1 to 16777216"},
      {"canary: {rate: -1}", "canary.rate: -1 is not from 1 to 10000"},
      {"cilium: {enable-policy: on}", "cilium.enable-policy: 'true' is none of default, always or never"},
      {"cilium: {allow-localhost: never}", "cilium.allow-localhost: 'never' is none of auto, always or policy"},
      {"cilium: {dual-stack: maybe}", "cilium.dual-stack: 'maybe' is none of auto, true or false"},
      {"cilium: {policy-cidr-match-mode: pods}",
       "cilium.policy-cidr-match-mode: 'pods' is not known: nodes is, or nothing"},
      {"findings: {severities: {SXT099: info}}",
       "findings.severities.SXT099: 'SXT099' is no code of a finding: SXT001 to SXT012 are"},
      {"findings: {severities: {SXT001: high}}",
       "findings.severities.SXT001: 'high' is none of info, warning or critical"},
      {"api: {socket: run/x}", "api.socket: 'run/x' is no absolute path"},
      {"store: {path: ''}", "store.path: '' is no absolute path"},
      {"alerts: [{url: x}]", "alerts[0]: type '' is none of alertmanager, webhook, ntfy, discord or slack"},
      {"alerts: [{type: email}]", "alerts[0]: type 'email' is none of alertmanager, webhook, ntfy, discord or slack"},
      {"log: {format: xml}", "log.format: 'xml' is none of text or json"},
  };
  for (const auto& [text, wanted] : cases) {
    EXPECT_EQ(problem(std::string(text) + "\n"), std::string("sextant.yaml:2: ") + wanted);
  }
}

TEST(Config, BoundsNamesByWhatTheKernelTakes) {
  EXPECT_EQ(parse_more("uplinks: [abcdefghijklmno]\n").uplinks.size(), 1U);
  EXPECT_THAT(problem("uplinks: [abcdefghijklmnop]\n"), HasSubstr("is no name of an interface"));
  const auto socket = [](std::size_t size) { return "api: {socket: /" + std::string(size - 1, 'x') + "}\n"; };
  EXPECT_EQ(parse_more(socket(107)).api.socket.size(), 107U);
  EXPECT_THAT(problem(socket(108)), HasSubstr("longer than 107 bytes"));
}

TEST(Duration, ReadsUnits) {
  const std::pair<const char*, std::chrono::milliseconds> cases[] = {
      {"250ms", 250ms},    {"60s", 60s}, {"10m", 10min},         {"2h", 2h}, {"90d", 24h * 90}, {"1h30m", 90min},
      {"1m1ms", 60'001ms}, {"0s", 0ms},  {"36500d", 24h * 36500}};
  for (const auto& [text, wanted] : cases) {
    const auto got = parse_duration(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(*got, wanted) << text;
  }
}

TEST(Duration, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "10", "m", "10 m", "-10m", "+1s", "1.5h", "10x", "10m5", "10M", "99999999999999999999s"}) {
    const auto got = parse_duration(text);
    ASSERT_FALSE(got) << text;
    EXPECT_THAT(got.error().what, HasSubstr("is no duration")) << text;
  }
  for (const auto* text : {"36501d", "36500d1ms", "9223372036854775807d", "9223372036854775807ms"}) {
    EXPECT_THAT(parse_duration(text).error().what, HasSubstr("is longer than a century")) << text;
  }
}

TEST(Config, ApiFromTakesPrefixesAndTheCluster) {
  const auto config = parse_config(
      {.name = "s.yaml",
       .text = "source: { manifests: { path: /m } }\napi: { from: [cluster, '2001:db8::/32', 10.0.0.0/8] }"});
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->api.from.given);
  EXPECT_TRUE(config->api.from.cluster);
  EXPECT_EQ(config->api.from.prefixes.size(), 2U);
}

TEST(Config, ApiFromIsNotTheInternet) {
  for (const char* wide : {"2000::/3", "::/0", "2000::/15", "0.0.0.0/0", "0.0.0.0/7", "everybody"}) {
    EXPECT_FALSE(
        parse_config({.name = "s.yaml",
                      .text = "source: { manifests: { path: /m } }\napi: { from: ['" + std::string(wide) + "'] }"}))
        << wide;
  }
  EXPECT_TRUE(parse_config(
      {.name = "s.yaml",
       .text = "source: { manifests: { path: /m } }\napi: { from: ['2001::/16', 'fc00::/7', 10.0.0.0/8] }"}));
}

}  // namespace
}  // namespace sextant::app
