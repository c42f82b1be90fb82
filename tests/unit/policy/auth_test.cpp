#include "agent/policy/auth.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::pod;
using test::Scene;

Verdict verdict(std::string_view ingress, Release release = kNewestRelease, std::uint16_t port = 80,
                std::string_view from = "shop/web") {
  return Scene({pod("shop/db", "app: db"), pod("shop/web", "app: web"),
                cnp("shop/db", "endpointSelector: {matchLabels: {app: db}}, ingress: [" + std::string(ingress) + "]")},
               {.release = release})
      .verdict("shop/db", from, port);
}

constexpr auto kRequired = "{fromEndpoints: [{matchLabels: {app: web}}], authentication: {mode: required}}";

TEST(Authentication, IsAskedForWhereARuleSaysSo) {
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict(kRequired, release), Verdict::kAuth);
    EXPECT_EQ(verdict(kRequired, release, 80, "2001:db8::1"), Verdict::kDeny);
  }
}

TEST(Authentication, IsNotAskedForWhereItIsDisabled) {
  EXPECT_EQ(verdict("{fromEndpoints: [{}], authentication: {mode: disabled}}"), Verdict::kAllow);
}

TEST(Authentication, ReachesNarrowerRulesThatSayNothing) {
  const std::string rules =
      std::string(kRequired) +
      ", {fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}";
  for (const Release release : test::kReleases) EXPECT_EQ(verdict(rules, release), Verdict::kAuth);
}

TEST(Authentication, IsSwitchedOffByANarrowerRule) {
  const std::string rules = std::string(kRequired) +
                            ", {fromEndpoints: [{matchLabels: {app: web}}], authentication: {mode: disabled}, "
                            "toPorts: [{ports: [{port: '80', protocol: TCP}]}]}";
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict(rules, release, 80), Verdict::kAllow);
    EXPECT_EQ(verdict(rules, release, 81), Verdict::kAuth);
  }
}

TEST(Authentication, OfABroaderRuleCountsWhereTheNarrowerOneIsKeptForTheAggregateOnly) {
  // A selector of negative requirements selects the aggregate too; in 1.20 the pod then has no entry of its own on TCP.
  const std::string rules =
      "{fromEndpoints: [{matchLabels: {app: web}}], authentication: {mode: disabled}}, "
      "{fromEndpoints: [{matchExpressions: [{key: 'reserved:world', operator: DoesNotExist}]}], "
      "authentication: {mode: required}, toPorts: [{ports: [{port: '0', protocol: TCP}]}]}";
  EXPECT_EQ(verdict(rules, Release::k1_20_2), Verdict::kAllow);
  EXPECT_EQ(verdict(rules, Release::k1_19_3), Verdict::kAuth);
}

TEST(Authentication, OutlivesAnAcceptOfATierBefore) {
  const std::string accept = test::policy_text("ClusterNetworkPolicy", "accept",
                                               "tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: "
                                               "[{action: Accept, from: [{namespaces: {}}]}]");
  const Scene scene({pod("shop/db", "app: db"), pod("shop/web", "app: web"), pod("shop/other"), accept,
                     cnp("shop/db", "endpointSelector: {}, ingress: [" + std::string(kRequired) + "]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kAuth);
  EXPECT_EQ(scene.verdict("shop/db", "shop/other"), Verdict::kAllow);
}

TEST(Authentication, DoesNotUndoADenial) {
  const std::string policy = cnp("shop/deny", "endpointSelector: {}, ingressDeny: [{fromEndpoints: [{}]}]");
  const Scene scene({pod("shop/db", "app: db"), pod("shop/web", "app: web"), policy,
                     cnp("shop/db", "endpointSelector: {}, ingress: [" + std::string(kRequired) + "]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kDeny);
}

}  // namespace
}  // namespace sextant::policy
