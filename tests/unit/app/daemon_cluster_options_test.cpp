#include "agent/app/daemon/cluster_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ClusterOptions, FollowCiliumsOwnConfiguration) {
  const ClusterSays says{.cilium_config = {{"enable-policy", "always"},
                                           {"enable-host-firewall", "true"},
                                           {"allow-localhost", "policy"},
                                           {"cluster-name", "home"},
                                           {"policy-cidr-match-mode", "nodes"},
                                           {"policy-default-local-cluster", "false"},
                                           {"enable-ipv4", "true"},
                                           {"enable-ipv6", "true"}},
                         .cilium_version = "1.18.6"};
  const ClusterOptions follows = options_from({}, says);
  EXPECT_EQ(follows.options.enable_policy, policy::EnablePolicy::kAlways);
  EXPECT_TRUE(follows.options.enable_host_firewall);
  EXPECT_FALSE(follows.options.allow_localhost);
  EXPECT_EQ(follows.options.cluster_name, "home");
  EXPECT_TRUE(follows.options.policy_cidr_match_nodes);
  EXPECT_EQ(follows.options.policy_default_local_cluster, false);
  EXPECT_TRUE(follows.options.dual_stack);
  EXPECT_EQ(policy::to_string(follows.options.release), "1.18.6");
  EXPECT_EQ(follows.release, "1.18.6");
  EXPECT_THAT(follows.problems, IsEmpty());
}

TEST(ClusterOptions, TheConfigurationCountsBeforeTheCluster) {
  const auto config =
      parse_config({.text = "source: { kubernetes: {} }\ncilium: { enable-policy: never, version: 1.17.0, "
                            "dual-stack: false }\n"});
  ASSERT_TRUE(config);
  const ClusterOptions follows = options_from(
      *config, {.cilium_config = {{"enable-policy", "always"}, {"enable-ipv4", "true"}, {"enable-ipv6", "true"}},
                .cilium_version = "1.19.3"});
  EXPECT_EQ(follows.options.enable_policy, policy::EnablePolicy::kNever);
  EXPECT_EQ(policy::to_string(follows.options.release), "1.17.0");
  EXPECT_FALSE(follows.options.dual_stack);
}

TEST(ClusterOptions, WhatIsNotKnownIsAProblemAndNotAGuess) {
  const ClusterOptions follows =
      options_from({}, {.cilium_config = {{"enable-policy", "sometimes"}}, .cilium_version = "9.1.0"});
  EXPECT_THAT(follows.problems, ElementsAre("enable-policy: 'sometimes' is not known", HasSubstr("version: ")));
  EXPECT_EQ(follows.options.release, policy::kNewestRelease);
  EXPECT_THAT(follows.release, HasSubstr("nothing is known of 9.1.0"));
}

TEST(ClusterOptions, WithoutACluster) {
  const ClusterOptions follows = options_from({}, {.is_dual_stack = true});
  EXPECT_TRUE(follows.options.dual_stack) << "by the pods' addresses";
  EXPECT_THAT(follows.release, HasSubstr("no cluster tells the version"));
}

TEST(ClusterOptions, PodNetworksOfCiliumNodesAreTheClusters) {
  World world("n1");
  const auto node = parse_json(
      R"({"apiVersion":"cilium.io/v2","kind":"CiliumNode","metadata":{"name":"n1"},"spec":{"ipam":{"podCIDRs":["2001:db8:2::/64","2001:db8:1::/64","x"]}}})");
  world.apply(**decode(*node, {}));
  const auto networks = cilium_pod_networks(world);
  ASSERT_EQ(networks.size(), 2U);
  const ClusterOptions follows = options_from({}, {.pod_networks = networks});
  EXPECT_EQ(follows.options.cluster_networks, networks);
}

// Who is translated to a node's address is let in by an ipBlock that holds it; under Cilium by none.
TEST(ClusterOptions, WithoutCiliumPrefixesMatchNodesToo) {
  EXPECT_TRUE(options_from({}, {.has_cilium = false}).options.policy_cidr_match_nodes);
  EXPECT_FALSE(options_from({}, {.has_cilium = true}).options.policy_cidr_match_nodes);
  EXPECT_FALSE(options_from({}, {}).options.policy_cidr_match_nodes) << "nobody says what enforces policies";
  Config config;
  config.given.insert("cilium.policy-cidr-match-mode");
  EXPECT_FALSE(options_from(config, {.has_cilium = false}).options.policy_cidr_match_nodes) << "as it is configured";
}

TEST(ClusterOptions, SayHowServicesAreTranslated) {
  const ClusterOptions follows =
      options_from({}, {.cilium_config = {{"kube-proxy-replacement", "true"},
                                          {"bpf-lb-mode", "hybrid"},
                                          {"routing-mode", "native"},
                                          {"nodeport-addresses", "2001:db8::/64,fd00::/8"}}});
  EXPECT_EQ(follows.forwarding.has_cilium, true);
  EXPECT_EQ(follows.forwarding.kube_proxy_replacement, true);
  EXPECT_EQ(follows.forwarding.lb_mode, audit::LbMode::kHybrid);
  EXPECT_EQ(follows.forwarding.tunnel, false);
  EXPECT_EQ(follows.forwarding.external_cluster_ip, false) << "Cilium's default";
  ASSERT_TRUE(follows.forwarding.node_port_addresses);
  EXPECT_EQ(follows.forwarding.node_port_addresses->size(), 2U);
  EXPECT_THAT(follows.problems, IsEmpty());
}

TEST(ClusterOptions, OfServicesNothingIsKnownWithoutCiliumsConfiguration) {
  EXPECT_EQ(options_from({}, {}).forwarding, audit::Forwarding{});
  EXPECT_EQ(options_from({}, {.has_cilium = false}).forwarding, audit::Forwarding{.has_cilium = false});
  const ClusterOptions odd =
      options_from({}, {.cilium_config = {{"kube-proxy-replacement", "partial"}, {"bpf-lb-mode", "magic"}}});
  EXPECT_EQ(odd.forwarding.kube_proxy_replacement, std::nullopt) << "what it came to is not told";
  EXPECT_EQ(odd.forwarding.lb_mode, std::nullopt);
  EXPECT_THAT(odd.problems, ElementsAre("bpf-lb-mode: 'magic' is not known"));
}

TEST(ClusterOptions, TheConfigurationSaysHowServicesAreTranslatedFirst) {
  const auto config = parse_config({.text = "source: { kubernetes: {} }\ncilium: { kube-proxy-replacement: false, "
                                            "bpf-lb-mode: auto, nodeport-addresses: [\"2001:db8::/64\"] }\n"});
  ASSERT_TRUE(config);
  const ClusterOptions follows =
      options_from(*config, {.cilium_config = {{"kube-proxy-replacement", "true"}, {"bpf-lb-mode", "dsr"}}});
  EXPECT_EQ(follows.forwarding.kube_proxy_replacement, false);
  EXPECT_EQ(follows.forwarding.lb_mode, audit::LbMode::kDsr);
  EXPECT_EQ(follows.forwarding.node_port_addresses->size(), 1U);
}

}  // namespace
}  // namespace sextant::app
