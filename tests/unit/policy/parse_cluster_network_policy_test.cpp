// ClusterNetworkPolicy, which 1.20 enforces in tiers around the others.
#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::parsed;
using test::pod;
using test::policy_text;
using test::Scene;

std::string tiered(std::string_view name, std::string_view tier, int priority, std::string_view rules) {
  return policy_text("ClusterNetworkPolicy", name,
                     "tier: " + std::string(tier) + ", priority: " + std::to_string(priority) +
                         ", subject: {namespaces: {}}, ingress: [" + std::string(rules) + "]");
}

constexpr auto kShop = "from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}]";
constexpr auto kShopNamespace =
    "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}}";

TEST(ClusterNetworkPolicy, OfTheAdminGoesBeforeTheOthers) {
  const Scene scene({pod("shop/db"), pod("shop/web"), kShopNamespace,
                     tiered("deny", "Admin", 5, "{action: Deny, " + std::string(kShop) + "}"),
                     cnp("shop/open", "endpointSelector: {}, ingress: [{fromEntities: [all]}]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kAllow);
}

TEST(ClusterNetworkPolicy, AcceptsOverAnIngressDeny) {
  const Scene scene({pod("shop/db"), pod("shop/web"), kShopNamespace,
                     tiered("accept", "Admin", 5, "{action: Accept, " + std::string(kShop) + "}"),
                     cnp("shop/closed", "endpointSelector: {}, ingressDeny: [{fromEntities: [all]}]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kAllow);
}

TEST(ClusterNetworkPolicy, PassesToTheNextTier) {
  const Scene scene({pod("shop/db"), pod("shop/web"), kShopNamespace,
                     tiered("a", "Admin", 5, "{action: Pass, " + std::string(kShop) + "}"),
                     tiered("b", "Admin", 6, "{action: Deny, " + std::string(kShop) + "}"),
                     cnp("shop/open", "endpointSelector: {}, ingress: [{fromEntities: [all]}]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kAllow);
}

TEST(ClusterNetworkPolicy, OfLowerPriorityGoesFirst) {
  const Scene scene({pod("shop/db"), pod("shop/web"), kShopNamespace,
                     tiered("a", "Admin", 7, "{action: Accept, " + std::string(kShop) + "}"),
                     tiered("b", "Admin", 6, "{action: Deny, " + std::string(kShop) + "}")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kDeny);
}

TEST(ClusterNetworkPolicy, OfTheBaselineComesLast) {
  const Scene scene({pod("shop/db"), pod("shop/web"), kShopNamespace,
                     tiered("deny", "Baseline", 5, "{action: Deny, " + std::string(kShop) + "}")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kDeny);
  const Scene open({pod("shop/db"), pod("shop/web"), kShopNamespace,
                    tiered("deny", "Baseline", 5, "{action: Deny, " + std::string(kShop) + "}"),
                    cnp("shop/open", "endpointSelector: {}, ingress: [{fromEntities: [all]}]")});
  EXPECT_EQ(open.verdict("shop/db", "shop/web"), Verdict::kAllow);
}

TEST(ClusterNetworkPolicy, LimitsToItsProtocols) {
  const Scene scene({pod("shop/db"), pod("shop/web"), kShopNamespace,
                     tiered("deny", "Admin", 5,
                            "{action: Deny, protocols: [{tcp: {destinationPort: {range: {start: 80, end: 90}}}}], " +
                                std::string(kShop) + "}")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web", 79), Verdict::kAllow);
  EXPECT_EQ(scene.verdict("shop/db", "shop/web", 90), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("shop/db", "shop/web", 90, Protocol::kUdp), Verdict::kAllow);
}

TEST(ClusterNetworkPolicy, WithPeersThatAreNotKnownDeniesEverybodyAndAcceptsNobody) {
  const Scene deny({pod("shop/db"), pod("shop/web"), tiered("x", "Admin", 5, "{action: Deny, from: [{planets: {}}]}")});
  EXPECT_EQ(deny.verdict("shop/db", "shop/web"), Verdict::kDeny);
  const Scene accept({pod("shop/db"), pod("shop/web"),
                      tiered("x", "Admin", 5, "{action: Accept, from: [{planets: {}}]}"),
                      cnp("shop/closed", "endpointSelector: {}, ingress: [{}]")});
  EXPECT_EQ(accept.verdict("shop/db", "shop/web"), Verdict::kDeny);
}

TEST(ClusterNetworkPolicy, IsRefusedForEgressThatCiliumDoesNotSupport) {
  const auto refused = [](std::string_view rule, bool node_labels = false) {
    Symbols symbols;
    const std::string text =
        policy_text("ClusterNetworkPolicy", "x",
                    "tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{" + std::string(rule) + "}]");
    return parsed(text, Options{.enable_node_selector_labels = node_labels}, symbols).rejected.has_value();
  };
  EXPECT_TRUE(refused("action: Deny, to: [{domainNames: [example.org]}]"));
  EXPECT_TRUE(refused("action: Pass, to: [{domainNames: [example.org]}]"));
  EXPECT_FALSE(refused("action: Accept, to: [{domainNames: [example.org, '*.example.org']}]"));
  EXPECT_TRUE(refused("action: Accept, to: [{domainNames: ['a b']}]"));
  EXPECT_TRUE(refused("action: Deny, to: [{nodes: {}}]"));
  EXPECT_FALSE(refused("action: Deny, to: [{nodes: {}}]", true));
  EXPECT_FALSE(refused("action: Deny, to: [{namespaces: {}, nodes: {}}]"));  // namespaces go before
}

TEST(ClusterNetworkPolicy, HasNoEffectBefore120) {
  const std::string text = tiered("deny", "Admin", 5, "{action: Deny}");
  const Scene scene({pod("shop/db"), pod("shop/web"), text}, {.release = Release::k1_19_3});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kAllow);
  EXPECT_FALSE(parsed(text, Release::k1_19_3).notes.empty());
}

}  // namespace
}  // namespace sextant::policy
