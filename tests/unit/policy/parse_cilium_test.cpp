// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.
#include "agent/policy/parse.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::ccnp;
using test::cnp;
using test::node;
using test::parsed;
using test::pod;
using test::Scene;

constexpr auto kAllow = "ingress: [{fromEntities: [world]}]";

TEST(CiliumPolicy, NeedsASubjectAndAnElement) {
  EXPECT_TRUE(parsed(cnp("shop/db", kAllow)).rejected);
  EXPECT_TRUE(parsed(cnp("shop/db", "endpointSelector: {}")).rejected);
  EXPECT_TRUE(parsed(cnp("shop/db", "endpointSelector: {}, ingress: []")).rejected);
  EXPECT_FALSE(parsed(cnp("shop/db", "endpointSelector: {}, ingress: [{}]")).rejected);
  EXPECT_TRUE(parsed(cnp("shop/db", "endpointSelector: {}, nodeSelector: {}, " + std::string(kAllow))).rejected);
}

TEST(CiliumPolicy, ThatIsRejectedHasNoPartThatCounts) {
  const Policy policy =
      parsed(cnp("shop/db", "endpointSelector: {}, ingress: [{fromCIDR: ['2001:db8::/32']}, {fromCIDR: [x]}]"));
  EXPECT_EQ(policy.rejected, "spec.ingress[1].fromCIDR[0]: 'x' is neither an address nor a prefix");
  EXPECT_TRUE(policy.specs.empty());
  EXPECT_TRUE(policy.prefixes.empty());
}

TEST(CiliumPolicy, KnowsWhereEachElementIsWritten) {
  const Policy policy = parsed(
      "apiVersion: cilium.io/v2\n"
      "kind: CiliumNetworkPolicy\n"
      "metadata: {name: db, namespace: shop}\n"
      "specs:\n"
      "- endpointSelector: {}\n"
      "  ingress:\n"
      "  - fromEntities: [world]\n"
      "  - fromEntities: [cluster]\n"
      "  ingressDeny:\n"
      "  - fromEntities: [host]\n");
  ASSERT_EQ(policy.specs.size(), 1u);
  ASSERT_EQ(policy.specs[0].entries.size(), 3u);
  const PolicyRef second = policy.ref(&policy.specs[0].entries[1]);
  EXPECT_EQ(second.rule, "specs[0].ingress[1]");
  EXPECT_EQ(second.origin.line, 8u);
  EXPECT_EQ(policy.ref(&policy.specs[0].entries[2]).rule, "specs[0].ingressDeny[0]");
  EXPECT_EQ(policy.ref(nullptr).rule, "");
}

TEST(CiliumPolicy, OfANamespaceSelectsOnlyItsPods) {
  const Scene scene({pod("shop/db"), pod("blog/db"), cnp("shop/all", "endpointSelector: {}, ingress: [{}]")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("blog/db", "2001:db8::1"), Verdict::kAllow);
}

TEST(CiliumPolicy, KeepsItsNamespaceWhateverTheSelectorSays) {
  const Scene scene({pod("shop/db"), pod("blog/db"),
                     cnp("shop/all",
                         "endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': blog}}, "
                         "ingress: [{}]")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("blog/db", "2001:db8::1"), Verdict::kAllow);
}

TEST(ClusterwidePolicy, SelectsPodsOfEveryNamespace) {
  const Scene scene({pod("shop/db"), pod("blog/db"), ccnp("all", "endpointSelector: {}, ingress: [{}]")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("blog/db", "2001:db8::1"), Verdict::kDeny);
}

TEST(NodePolicy, IsForClusterwidePoliciesOnly) {
  constexpr auto kNode = "nodeSelector: {}, ingress: [{}]";
  EXPECT_TRUE(parsed(cnp("shop/db", kNode)).rejected);
  EXPECT_FALSE(parsed(ccnp("nodes", kNode)).rejected);
}

TEST(NodePolicy, InSpecsOfANamespaceIsIgnoredIn117AndRefusedLater) {
  const std::string text =
      "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {namespace: shop, name: db}, "
      "specs: [{nodeSelector: {}, ingress: [{}]}]}";
  EXPECT_FALSE(parsed(text, Release::k1_17_0).rejected);
  EXPECT_FALSE(parsed(text, Release::k1_17_0).notes.empty());
  EXPECT_TRUE(parsed(text, Release::k1_18_6).rejected);
}

TEST(NodePolicy, TakesNoL7Rules) {
  EXPECT_TRUE(parsed(ccnp("nodes",
                          "nodeSelector: {}, ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], "
                          "rules: {http: [{}]}}]}]"))
                  .rejected);
}

TEST(NodePolicy, IsEnforcedWithTheHostFirewallOnly) {
  const auto verdict = [](bool firewall) {
    return Scene({node("n1", "2001:db8::a"), ccnp("nodes", "nodeSelector: {}, ingress: [{}]")},
                 {.enable_host_firewall = firewall})
        .verdict("node:n1", "2001:db8::1");
  };
  EXPECT_EQ(verdict(true), Verdict::kDeny);
  EXPECT_EQ(verdict(false), Verdict::kAllow);
}

TEST(Ports, AndIcmpsExcludeEachOther) {
  EXPECT_TRUE(parsed(cnp("shop/db",
                         "endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '80'}]}], "
                         "icmps: [{fields: [{type: 8}]}]}]"))
                  .rejected);
}

TEST(DefaultDeny, FollowsTheOption) {
  const auto verdict = [](std::string_view option) {
    return Scene({pod("shop/db"), cnp("shop/db", "endpointSelector: {}, ingress: [{fromCIDR: ['2001:db8::/32']}]" +
                                                     std::string(option))})
        .verdict("shop/db", "2001:db9::1");
  };
  EXPECT_EQ(verdict(""), Verdict::kDeny);
  EXPECT_EQ(verdict(", enableDefaultDeny: {}"), Verdict::kDeny);
  EXPECT_EQ(verdict(", enableDefaultDeny: {ingress: true}"), Verdict::kDeny);
  EXPECT_EQ(verdict(", enableDefaultDeny: {ingress: false}"), Verdict::kAllow);
}

TEST(DefaultDeny, DoesNotComeFromEgress) {
  const Scene scene({pod("shop/db"), cnp("shop/db", "endpointSelector: {}, egress: [{toEntities: [world]}]")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db9::1"), Verdict::kAllow);
}

TEST(UnknownFields, AreIgnoredAsTheServerPrunesThem) {
  const Policy policy = parsed(cnp("shop/db",
                                   "endpointSelector: {}, ingress: [{fromCIDRs: ['2001:db8::/32'], "
                                   "toPorts: [{ports: [{port: '80'}]}]}]"));
  EXPECT_FALSE(policy.rejected);
  ASSERT_EQ(policy.notes.size(), 1u);
  EXPECT_EQ(policy.notes[0].substr(0, 26), "spec.ingress[0].fromCIDRs:");
  EXPECT_TRUE(policy.specs[0].entries[0].peers.everyone);
}

TEST(WrongTypes, RefuseTheObject) {
  for (const auto* spec : {"endpointSelector: [], ingress: [{}]", "endpointSelector: {}, ingress: {}",
                           "endpointSelector: {}, ingress: [5]", "endpointSelector: {}, ingress: [{fromCIDR: x}]",
                           "endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: 'no'}"}) {
    for (const Release release : test::kReleases) EXPECT_TRUE(parsed(cnp("shop/db", spec), release).rejected) << spec;
  }
}

}  // namespace
}  // namespace sextant::policy
