// lint and diff, as a run of the program prints them.
#include <filesystem>
#include <fstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "agent/audit/lint/reasons.h"
#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kPod = R"(
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { nodeName: n1 }
status: { podIPs: [ { ip: "2001:db8:1::5" } ] }
---
)";

std::string policy(const std::string& ingress, const std::string& kind = "cilium") {
  const bool cilium = kind == "cilium";
  return std::string(cilium ? "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
                            : "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n") +
         "metadata: { name: db, namespace: shop }\nspec:\n  " + (cilium ? "endpointSelector" : "podSelector") +
         ": { matchLabels: { app: db } }\n  ingress:\n  - " + ingress + "\n";
}

const std::string kSound = policy("{ fromCIDR: [ '2001:db8:100::/48' ] }") +
                           "  - { fromEntities: [ world ], icmps: [ { fields: [ { family: IPv6, type: 2 } ] } ] }\n";
const std::string kUnsound = policy("{ fromCIDR: [ '2001:db8:100::7/48' ] }") +
                             "  - { fromEntities: [ world ], icmps: [ { fields: [ { family: IPv6, type: 2 } ] } ] }\n";

class ReportsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sextant_reports_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string tree(const std::string& name, const std::string& yaml) const {
    std::filesystem::create_directories(folder_ / name);
    std::ofstream(folder_ / name / "a b.yaml") << kPod << yaml;
    return (folder_ / name).string();
  }
  static Outcome run(std::vector<std::string> args) {
    return Console{.env = {{"COLUMNS", "400"}}}.run(std::move(args));
  }
  Outcome lint(const std::string& yaml, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"lint", "--manifests", tree("lint", yaml)});
    return run(std::move(more));
  }

  std::filesystem::path folder_{};
};

TEST_F(ReportsTest, LintOfSoundPoliciesEndsWithZero) {
  const Outcome outcome = lint(kSound);
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("0 remarks on 1 policy"));
}

TEST_F(ReportsTest, LintNamesFileLineReasonAndFix) {
  const Outcome outcome = lint(kUnsound);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("a b.yaml:14  CiliumNetworkPolicy shop/db spec.ingress[0].fromCIDR[0]"),
                                 HasSubstr("SXT012/host-bits"), HasSubstr("Fix: write 2001:db8:100::/48")));
}

TEST_F(ReportsTest, LintLeavesOutWhatIsLessSevereThanAskedFor) {
  EXPECT_EQ(lint(kUnsound, {"--severity", "warning"}).status, 0);
  EXPECT_EQ(lint(kUnsound, {"--severity", "critical"}).status, 2);
}

TEST_F(ReportsTest, LintOfABrokenFileCannotTell) {
  const Outcome outcome = lint("kind: [");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("a b.yaml"));
}

TEST_F(ReportsTest, LintWithoutManifestsAsksTheDaemon) {
  Answers answers;
  answers.lint_view = {
      .remarks =
          {{.code = "SXT012/host-bits",
            .severity = Severity::kInfo,
            .title = "a prefix with host bits set",
            .policy = {.ns = "shop", .name = "db", .rule = "spec.ingress[0]", .origin = {.resource_version = "4711"}},
            .message = "has host bits",
            .fix = "write the prefix"}},
      .policies = 3,
      .cilium_release = "1.19.3"};
  const Daemon daemon(answers);
  const auto ask = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"lint", "--server", daemon.server()});
    return run(std::move(more));
  };
  const Outcome outcome = ask({});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("resourceVersion 4711  CiliumNetworkPolicy shop/db spec.ingress[0]"),
                                 HasSubstr("info SXT012/host-bits: has host bits."), HasSubstr("Fix: write the prefix"),
                                 HasSubstr("1 remark on 3 policies, as Cilium 1.19.3 decides")));
  EXPECT_THAT(ask({"--cilium", "1.17.0"}).out, HasSubstr("as Cilium 1.17.0 decides"));
  EXPECT_EQ(ask({"--severity", "warning"}).status, 0);
  EXPECT_EQ(ask({"--node", "n1"}).status, 2) << "of manifests only";
  for (const char* output : {"json", "yaml", "tap", "junit", "sarif", "markdown"}) {
    EXPECT_THAT(ask({"-o", output}).out, HasSubstr("SXT012/host-bits")) << output;
  }
}

TEST_F(ReportsTest, LintWithoutADaemonCannotTell) {
  const Outcome outcome = run({"lint", "--server", "unix:" + (folder_ / "none.sock").string()});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("none.sock"));
  Answers answers;
  answers.broken = "the policies have not been read yet";
  const Daemon daemon(answers);
  const Outcome broken = run({"lint", "--server", daemon.server()});
  EXPECT_EQ(broken.status, 2);
  EXPECT_THAT(broken.err, HasSubstr("the policies have not been read yet"));
}

TEST_F(ReportsTest, LintAsksOfTheReleaseThatIsGiven) {
  const std::string block = policy("{ from: [ { ipBlock: { cidr: '2001:db8:100::/48' } } ] }", "kubernetes");
  EXPECT_THAT(lint(block, {"--cilium", "1.19.3"}).out, AllOf(HasSubstr("CVE-2026-56743"), HasSubstr("1.19.5")));
  EXPECT_THAT(lint(block, {"--cilium", "1.19.5"}).out, Not(HasSubstr("CVE-2026-56743")));
}

TEST_F(ReportsTest, SarifHasRulesAndPlaces) {
  const Outcome outcome = lint(kUnsound, {"-o", "sarif"});
  EXPECT_EQ(outcome.status, 1);
  const auto sarif = boost::json::parse(outcome.out);
  EXPECT_EQ(sarif.at("version").as_string(), "2.1.0");
  const auto& run = sarif.at("runs").at(0);
  EXPECT_EQ(run.at("tool").at("driver").at("rules").as_array().size(), audit::lint::reasons().size());
  const auto& result = run.at("results").at(0);
  EXPECT_EQ(result.at("ruleId").as_string(), "SXT012/host-bits");
  const auto index = static_cast<std::size_t>(result.at("ruleIndex").as_int64());
  const auto& rule = run.at("tool").at("driver").at("rules").at(index);
  EXPECT_EQ(rule.at("id").as_string(), "SXT012/host-bits");
  EXPECT_FALSE(rule.at("help").at("text").as_string().empty());
  const auto& physical = result.at("locations").at(0).at("physicalLocation");
  EXPECT_THAT(std::string(physical.at("artifactLocation").at("uri").as_string()),
              AllOf(StartsWith("file:///"), HasSubstr("a%20b.yaml")));
  EXPECT_EQ(physical.at("region").at("startLine").as_int64(), 14);
}

TEST_F(ReportsTest, JunitIsXmlWhateverNamesHold) {
  const std::string odd = policy("{ fromCIDR: [ '2001:db8:100::7/48' ], \"from<&\\\"'\\u0007x\": 1 }");
  const Outcome outcome = lint(odd, {"-o", "junit"});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  std::istringstream in(outcome.out);
  boost::property_tree::ptree xml;
  ASSERT_NO_THROW(boost::property_tree::read_xml(in, xml)) << outcome.out;
  const auto& suite = xml.get_child("testsuites.testsuite");
  EXPECT_EQ(suite.get<std::string>("<xmlattr>.failures"), std::to_string(suite.count("testcase")));
  std::istringstream sound(lint(kSound, {"-o", "junit"}).out);
  boost::property_tree::read_xml(sound, xml);
  EXPECT_EQ(xml.get<std::string>("testsuites.<xmlattr>.failures"), "0");
  EXPECT_EQ(xml.get<std::string>("testsuites.<xmlattr>.tests"), "1");
}

TEST_F(ReportsTest, TapCountsItsPoints) {
  EXPECT_THAT(lint(kUnsound, {"-o", "tap"}).out, AllOf(StartsWith("TAP version 14\n1..1\nnot ok 1 - SXT012/host-bits"),
                                                       HasSubstr("  ---\n"), HasSubstr("  ...\n")));
  EXPECT_EQ(lint(kSound, {"-o", "tap"}).out, "TAP version 14\n1..1\nok 1 - lint: 1 policy\n");
}

TEST_F(ReportsTest, MarkdownIsATable) {
  EXPECT_THAT(lint(kUnsound, {"-o", "markdown"}).out,
              AllOf(HasSubstr("| what | where | why |"), HasSubstr("spec.ingress\\[0\\]"), HasSubstr("**Fix:**")));
}

TEST_F(ReportsTest, JsonAndYamlAreTheReport) {
  const auto json = boost::json::parse(lint(kUnsound, {"-o", "json"}).out);
  EXPECT_EQ(json.at("remarks").at(0).at("code").as_string(), "SXT012/host-bits");
  EXPECT_EQ(json.at("remarks").at(0).at("policy").at("line").as_int64(), 14);
  EXPECT_EQ(json.at("ciliumRelease").as_string(), "1.20.2");
  EXPECT_THAT(lint(kUnsound, {"-o", "yaml"}).out, HasSubstr("code: "));
}

TEST_F(ReportsTest, OtherVerbsHaveNoFormatsOfResults) {
  const Outcome outcome = run({"version", "-o", "sarif"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("table|wide|json|yaml"));
}

TEST_F(ReportsTest, DiffSaysWhatIsOpenedAndClosed) {
  const std::string narrow =
      tree("old",
           policy("{ fromCIDR: [ '2001:db8:100::/48' ], toPorts: [ { ports: [ { port: '443', protocol: TCP } ] } ] }"));
  const std::string wide = tree(
      "new", policy("{ fromCIDR: [ '2001:db8::/32' ], toPorts: [ { ports: [ { port: '443', protocol: TCP } ] } ] }"));
  const Outcome opened = run({"diff", narrow, wide, "-o", "json"});
  EXPECT_EQ(opened.status, 1) << opened.err;
  const auto json = boost::json::parse(opened.out);
  ASSERT_EQ(json.at("changes").as_array().size(), 1U) << opened.out;
  const auto& change = json.at("changes").at(0);
  EXPECT_EQ(change.at("change").as_string(), "opened");
  EXPECT_EQ(change.at("before").as_string(), "deny");
  EXPECT_EQ(change.at("after").as_string(), "allow");
  EXPECT_EQ(change.at("port").as_int64(), 443);
  EXPECT_EQ(change.at("endPort").as_int64(), 443);
  EXPECT_EQ(change.at("source").at("prefixes").at(0).as_string(), "2001:db8::/32");
  EXPECT_THAT(boost::json::serialize(change.at("source").at("exceptPrefixes")), HasSubstr("\"2001:db8:100::/48\""));
  EXPECT_THAT(run({"diff", wide, narrow}).out,
              AllOf(HasSubstr("closed: allow before, deny after"), HasSubstr("443/TCP")));
}

TEST_F(ReportsTest, DiffOfTheSameIsNothing) {
  const std::string same = tree("same", kSound);
  const Outcome outcome = run({"diff", same, same});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("nothing changes"));
  EXPECT_EQ(run({"diff", same, same, "-o", "tap"}).status, 0);
}

TEST_F(ReportsTest, DiffNamesNewAndVanishedEndpoints) {
  const std::string with = tree("with", policy("{ fromEntities: [ world ] }"));
  const std::string without = (folder_ / "without").string();
  std::filesystem::create_directories(without);
  std::ofstream(without + "/policy.yaml") << policy("{ fromEntities: [ world ] }");
  EXPECT_THAT(run({"diff", without, with}).out, AllOf(HasSubstr("opened"), HasSubstr("a new endpoint")));
  EXPECT_THAT(run({"diff", with, without}).out, AllOf(HasSubstr("closed"), HasSubstr("the endpoint is gone")));
}

TEST_F(ReportsTest, DiffOfReleasesNamesTheDifferenceThatOpens) {
  const std::string world =
      tree("releases", policy("{ from: [ { namespaceSelector: { matchExpressions: [ { key: team, operator: "
                              "NotIn, values: [ ops ] } ] } } ] }",
                              "kubernetes"));
  const Outcome outcome = run({"diff", "--from-cilium", "1.18.6", "--to-cilium", "1.20.2", world});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("closed"), HasSubstr("From Cilium 1.18.6 to Cilium 1.20.2")));
  const auto json =
      boost::json::parse(run({"diff", "--from-cilium", "1.18.6", "--to-cilium", "1.20.2", world, "-o", "json"}).out);
  EXPECT_THAT(std::string(json.at("changes").at(0).at("cause").as_string()), HasSubstr("limited to the local cluster"));
}

TEST_F(ReportsTest, DiffSaysWhatItNeeds) {
  const std::string one = tree("one", kSound);
  EXPECT_EQ(run({"diff"}).status, 2);
  EXPECT_EQ(run({"diff", one}).status, 2);
  EXPECT_EQ(run({"diff", "--from-cilium", "1.18.6", one}).status, 2);
  EXPECT_EQ(run({"diff", "--from-cilium", "1.18.6", "--to-cilium", "1.20.2", one, one}).status, 2);
  EXPECT_EQ(run({"diff", "-", "-"}).status, 2);
  EXPECT_EQ(run({"diff", one, one, one}).status, 2);
}

TEST_F(ReportsTest, DiffHasEveryFormat) {
  const std::string closed = tree("closed", kSound);
  const std::string open = tree("open", policy("{ fromEntities: [ world ] }"));
  const auto sarif = boost::json::parse(run({"diff", closed, open, "-o", "sarif"}).out);
  EXPECT_EQ(sarif.at("runs").at(0).at("results").at(0).at("ruleId").as_string(), "exposure/opened");
  std::istringstream in(run({"diff", closed, open, "-o", "junit"}).out);
  boost::property_tree::ptree xml;
  ASSERT_NO_THROW(boost::property_tree::read_xml(in, xml));
  EXPECT_THAT(run({"diff", closed, open, "-o", "tap"}).out, HasSubstr("not ok 1 - exposure/opened shop/db"));
  EXPECT_THAT(run({"diff", closed, open, "-o", "markdown"}).out, HasSubstr("exposure/opened"));
}

}  // namespace
}  // namespace sextant::app::cli
