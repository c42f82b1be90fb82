// NetworkPolicy of Kubernetes.
#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::knp;
using test::parsed;
using test::pod;
using test::Scene;

Verdict verdict(std::string_view spec, std::string_view source = "2001:db8::1", std::uint16_t port = 80,
                Release release = kNewestRelease) {
  return Scene(
             {pod("shop/db", "app: db", "", "n1", "containers: [{ports: [{name: web, containerPort: 8080}]}]"),
              pod("shop/web", "app: web"), pod("blog/web", "app: web"),
              "{apiVersion: v1, kind: Namespace, metadata: {name: blog, labels: {team: words}}}", knp("shop/db", spec)},
             {.release = release})
      .verdict("shop/db", source, port);
}

TEST(NetworkPolicy, WithoutRulesClosesIngress) {
  EXPECT_EQ(verdict("podSelector: {}"), Verdict::kDeny);
  EXPECT_EQ(verdict("podSelector: {}, policyTypes: [Ingress]"), Verdict::kDeny);
  EXPECT_EQ(verdict("podSelector: {}, policyTypes: [Egress]"), Verdict::kAllow);
  EXPECT_EQ(verdict("podSelector: {}, policyTypes: [Ingress, Egress]"), Verdict::kDeny);
}

TEST(NetworkPolicy, OfNothingInFromLetsEveryoneIn) {
  EXPECT_EQ(verdict("podSelector: {}, ingress: [{}]"), Verdict::kAllow);
  EXPECT_EQ(verdict("podSelector: {}, ingress: [{from: []}]"), Verdict::kAllow);
}

TEST(NetworkPolicy, SelectsPodsOfItsNamespace) {
  constexpr auto kSpec = "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]";
  EXPECT_EQ(verdict(kSpec, "shop/web"), Verdict::kAllow);
  EXPECT_EQ(verdict(kSpec, "blog/web"), Verdict::kDeny);
  EXPECT_EQ(verdict(kSpec), Verdict::kDeny);
}

TEST(NetworkPolicy, SelectsNamespacesByTheirLabels) {
  constexpr auto kSpec = "podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: words}}}]}]";
  EXPECT_EQ(verdict(kSpec, "blog/web"), Verdict::kAllow);
  EXPECT_EQ(verdict(kSpec, "shop/web"), Verdict::kDeny);
  constexpr auto kBoth =
      "podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}]";
  EXPECT_EQ(verdict(kBoth, "blog/web"), Verdict::kAllow);
  EXPECT_EQ(verdict(kBoth, "shop/web"), Verdict::kAllow);
  EXPECT_EQ(verdict(kBoth), Verdict::kDeny);
}

TEST(NetworkPolicy, LimitsToPortsAndRanges) {
  constexpr auto kSpec = "podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}, {port: web}]}]";
  EXPECT_EQ(verdict(kSpec, "2001:db8::1", 79), Verdict::kDeny);
  EXPECT_EQ(verdict(kSpec, "2001:db8::1", 80), Verdict::kAllow);
  EXPECT_EQ(verdict(kSpec, "2001:db8::1", 90), Verdict::kAllow);
  EXPECT_EQ(verdict(kSpec, "2001:db8::1", 91), Verdict::kDeny);
  EXPECT_EQ(verdict(kSpec, "2001:db8::1", 8080), Verdict::kAllow);  // by its name
}

TEST(NetworkPolicy, OfAnotherNamespaceDoesNotConcern) {
  const Scene scene({pod("shop/db"), knp("blog/all", "podSelector: {}")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kAllow);
}

TEST(NetworkPolicy, WithAnEmptyPeerSelectsNobody) {
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict("podSelector: {}, ingress: [{from: [{}]}]", "2001:db8::1", 80, release), Verdict::kDeny);
  }
}

TEST(NetworkPolicy, PassesCiliumsValidationUpTo118) {
  constexpr auto kSpec = "podSelector: {}, ingress: [{ports: [{port: 'a--b'}]}]";
  EXPECT_TRUE(parsed(knp("shop/db", kSpec), Release::k1_18_6).rejected);
  EXPECT_FALSE(parsed(knp("shop/db", kSpec), Release::k1_19_3).rejected);
}

// As the packages of 1.19.3 themselves decide (tests/oracle).
TEST(NetworkPolicy, WithASelectorThatCannotBeReadLetsEveryoneInAt119) {
  constexpr auto kNone = "{matchExpressions: [{key: app, operator: In, values: []}]}";
  const std::string none(kNone);
  for (const std::string& peer :
       {"podSelector: " + none, "namespaceSelector: " + none, "namespaceSelector: {}, podSelector: " + none,
        "namespaceSelector: " + none + ", podSelector: {matchLabels: {app: web}}",
        std::string("podSelector: {matchExpressions: [{key: app, operator: Is, values: [web]}]}"),
        std::string("podSelector: {matchLabels: {app: '-web'}}")}) {
    const std::string spec = "podSelector: {}, ingress: [{from: [{" + peer + "}], ports: [{port: 80}]}]";
    for (const char* source : {"shop/web", "blog/web", "2600::1"}) {
      EXPECT_EQ(verdict(spec, source, 80, Release::k1_19_3), Verdict::kAllow) << peer << " from " << source;
      EXPECT_EQ(verdict(spec, source, 81, Release::k1_19_3), Verdict::kDeny) << peer << " from " << source;
    }
    EXPECT_EQ(verdict(spec, "2600::1", 80, Release::k1_20_2), Verdict::kDeny) << peer;
    EXPECT_TRUE(parsed(knp("shop/db", spec), Release::k1_18_6).rejected) << peer;
  }
}

TEST(NetworkPolicy, WithASubjectThatCannotBeReadSelectsItsNamespaceAt119) {
  const std::string spec = "podSelector: {matchExpressions: [{key: app, operator: In, values: []}]}";
  EXPECT_EQ(verdict(spec, "2600::1", 80, Release::k1_19_3), Verdict::kDeny);
  const Scene scene({pod("blog/web"), knp("shop/db", spec)}, {.release = Release::k1_19_3});
  EXPECT_EQ(scene.verdict("blog/web", "2600::1"), Verdict::kAllow);
}

}  // namespace
}  // namespace sextant::policy
