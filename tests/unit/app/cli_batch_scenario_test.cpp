#include "agent/app/cli/batch/scenario.h"

#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

Result<Scenario> read(std::string_view cluster, std::string_view objects = "[]") {
  return read_scenario(parse_json(cluster).value(), parse_json(objects).value());
}
std::string error_of(std::string_view cluster, std::string_view objects = "[]") {
  const auto scenario = read(cluster, objects);
  return scenario ? "" : scenario.error().what;
}

TEST(Scenario, ReadsEveryOptionOfTheFormat) {
  const auto scenario = read(
      R"({"name":"c7","families":"dual","enable-policy":"always","allow-localhost":"policy","enable-host-firewall":true,
          "policy-default-local-cluster":false,"enable-node-selector-labels":true,"policy-cidr-match-mode":"nodes",
          "node":"n2"})");
  ASSERT_TRUE(scenario) << scenario.error().what;
  const policy::Options& options = scenario->options;
  EXPECT_EQ(options.cluster_name, "c7");
  EXPECT_TRUE(options.dual_stack);
  EXPECT_EQ(options.enable_policy, policy::EnablePolicy::kAlways);
  EXPECT_FALSE(options.allow_localhost);
  EXPECT_TRUE(options.enable_host_firewall);
  EXPECT_EQ(options.policy_default_local_cluster, false);
  EXPECT_TRUE(options.enable_node_selector_labels);
  EXPECT_TRUE(options.policy_cidr_match_nodes);
  EXPECT_EQ(scenario->world.local_node(), "n2");
  EXPECT_EQ(scenario->unknown_option, "");
}

TEST(Scenario, LeavesTheReleaseItsDefaults) {
  const auto scenario = read(R"({"name":"c1","families":"ipv6","allow-localhost":"auto","node":"n1"})");
  ASSERT_TRUE(scenario);
  EXPECT_FALSE(scenario->options.dual_stack);
  EXPECT_TRUE(scenario->options.allow_localhost);
  EXPECT_EQ(scenario->options.policy_default_local_cluster, std::nullopt);
}

TEST(Scenario, RefusesValuesThatNoOptionHas) {
  EXPECT_EQ(error_of(R"({"enable-policy":"perhaps"})"), "cluster.enable-policy: default|always|never is expected");
  EXPECT_EQ(error_of(R"({"families":4})"), "cluster.families: ipv6|dual is expected");
  EXPECT_EQ(error_of(R"({"enable-host-firewall":"true"})"), "cluster.enable-host-firewall: true or false is expected");
  EXPECT_EQ(error_of(R"({"name":1})"), "cluster.name: a string is expected");
  EXPECT_EQ(error_of("[]"), "cluster: a map is expected");
  EXPECT_EQ(error_of("{}", "{}"), "objects: a list is expected");
}

TEST(Scenario, RemembersAnOptionThatIsNotKnown) {
  EXPECT_EQ(read(R"({"enable-polcy":"always"})")->unknown_option, "enable-polcy");
}

TEST(Scenario, NamesTheObjectThatCannotBeRead) {
  EXPECT_EQ(error_of("{}", R"([{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}},
                               {"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"status":{"podIPs":[{"ip":"x"}]}}])")
                .substr(0, 12),
            "objects[1]: ");
}

TEST(Scenario, LacksWhatTheReleaseDoesNotHave) {
  using policy::Release;
  const auto clustered = read(R"({"policy-default-local-cluster":true})");
  EXPECT_EQ(lacks(*clustered, Release::k1_17_0), "policy-default-local-cluster");
  EXPECT_EQ(lacks(*clustered, Release::k1_18_6), "");
  EXPECT_EQ(lacks(*read(R"({"policy-default-local-cluster":false})"), Release::k1_17_0), "");
  const auto tiered = read("{}", R"([{"apiVersion":"policy.networking.k8s.io/v1alpha2","kind":"ClusterNetworkPolicy",
                                     "metadata":{"name":"a"},"spec":{}}])");
  ASSERT_TRUE(tiered) << tiered.error().what;
  EXPECT_EQ(lacks(*tiered, Release::k1_19_3), "ClusterNetworkPolicy");
  EXPECT_EQ(lacks(*tiered, Release::k1_20_2), "");
}

TEST(Check, TellsWhereItsParts) {
  const std::string_view text =
      R"({"to":{"pod":"a/b"}, "from":{"address":"::1"},"protocol":"UDP","port":53,"verdict": {"1.17.0":"deny"},"x":1})";
  JsonReader reader(text);
  const CheckText check = read_check(reader);
  ASSERT_TRUE(reader.result());
  EXPECT_EQ(check.to, R"({"pod":"a/b"})");
  EXPECT_EQ(check.from, R"({"address":"::1"})");
  EXPECT_EQ(check.protocol, Protocol::kUdp);
  EXPECT_EQ(check.port, 53);
  EXPECT_EQ(text.substr(check.verdict.begin, check.verdict.end - check.verdict.begin), R"({"1.17.0":"deny"})");
  EXPECT_EQ(check.why.end, 0u);
  EXPECT_EQ(text.substr(check.last_value_end), "}");
}

TEST(Check, NeedsAllOfItsParts) {
  const auto error_of_check = [](std::string_view text) {
    JsonReader reader(text);
    read_check(reader);
    return reader.result() ? "" : reader.result().error().what;
  };
  EXPECT_EQ(error_of_check(R"({"from":{},"protocol":"TCP","port":1})"), "column 1: the check has no 'to'");
  EXPECT_EQ(error_of_check(R"({"to":{},"protocol":"TCP","port":1})"), "column 1: the check has no 'from'");
  EXPECT_EQ(error_of_check(R"({"to":{},"from":{},"port":1})"), "column 1: the check has no 'protocol'");
  EXPECT_EQ(error_of_check(R"({"to":{},"from":{},"protocol":"TCP"})"), "column 1: the check has no 'port'");
  EXPECT_NE(error_of_check(R"({"to":{},"from":{},"protocol":"tcp","port":1})").find("a protocol is expected"),
            std::string::npos);
  EXPECT_NE(error_of_check(R"({"to":{},"from":{},"protocol":"TCP","port":65536})").find("at most 65535"),
            std::string::npos);
}

TEST(CheckEnds, AreWhatTheFormatNames) {
  using Subject = policy::Subject;
  using Peer = policy::Peer;
  EXPECT_EQ(read_subject(R"({"pod":"home/web-3"})")->name, "web-3");
  EXPECT_EQ(read_subject(R"({"node":"n1"})")->kind, Subject::Kind::kNode);
  EXPECT_EQ(read_subject(R"({"entity":"ingress"})")->kind, Subject::Kind::kIngress);
  EXPECT_EQ(read_peer(R"({"address":"2001:db8::1"})")->address.to_string(), "2001:db8::1");
  EXPECT_EQ(read_peer(R"({"pod":"home/web-3"})")->ns, "home");
  EXPECT_EQ(read_peer(R"({"entity":"unmanaged"})")->kind, Peer::Kind::kUnmanaged);
}

TEST(CheckEnds, ThatAreNoneAreErrors) {
  EXPECT_EQ(read_subject(R"({"entity":"unmanaged"})").error().what, "to: 'entity: unmanaged' is no end of a check");
  EXPECT_EQ(read_subject(R"({"address":"::1"})").error().what, "to: 'address: ::1' is no end of a check");
  EXPECT_EQ(read_subject(R"({"pod":"web"})").error().what, "to: pod 'web' is not NAMESPACE/NAME");
  EXPECT_EQ(read_peer("{}").error().what, "from: one of pod, node, entity and address is expected");
  EXPECT_EQ(read_peer(R"({"pod":"a/b","node":"n"})").error().what,
            "from: one of pod, node, entity and address is expected");
  EXPECT_FALSE(read_peer(R"({"address":"2001:db8::/32"})"));
  EXPECT_FALSE(read_peer(R"("2001:db8::1")"));
}

}  // namespace
}  // namespace sextant::app::cli
