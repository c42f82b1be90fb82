#include "agent/policy/subject.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::ccnp;
using test::cnp;
using test::node;
using test::pod;
using test::Scene;

constexpr auto kClosed = "endpointSelector: {}, ingress: [{}]";

Verdict verdict(Options options, std::initializer_list<std::string> texts, std::string_view from = "2001:db8::1") {
  return Scene(texts, std::move(options)).verdict("shop/db", from);
}

TEST(Subject, WithoutAPolicyIsOpen) {
  const Decision decision = Scene({pod("shop/db")}).decide("shop/db", "2001:db8::1");
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_EQ(decision.because, Because::kDefaultAllow);
  EXPECT_FALSE(decision.selected);
  EXPECT_FALSE(decision.enforced);
}

TEST(Subject, ThatIsSelectedIsClosed) {
  const Decision decision = Scene({pod("shop/db"), cnp("shop/db", kClosed)}).decide("shop/db", "2001:db8::1");
  EXPECT_EQ(decision.verdict, Verdict::kDeny);
  EXPECT_EQ(decision.because, Because::kDefaultDeny);
  EXPECT_TRUE(decision.selected);
  EXPECT_TRUE(decision.enforced);
}

TEST(Subject, IsEnforcedAsTheOptionSays) {
  EXPECT_EQ(verdict({.enable_policy = EnablePolicy::kAlways}, {pod("shop/db")}), Verdict::kDeny);
  EXPECT_EQ(verdict({.enable_policy = EnablePolicy::kNever}, {pod("shop/db"), cnp("shop/db", kClosed)}),
            Verdict::kAllow);
}

TEST(Subject, LetsItsOwnNodeInUnlessToldOtherwise) {
  const std::initializer_list<std::string> kObjects{pod("shop/db"), node("n1", "2001:db8::a"),
                                                    node("n2", "2001:db8::b"), cnp("shop/db", kClosed)};
  EXPECT_EQ(verdict({}, kObjects, "node:n1"), Verdict::kAllow);
  EXPECT_EQ(verdict({}, kObjects, "node:n2"), Verdict::kDeny);
  EXPECT_EQ(verdict({.allow_localhost = false}, kObjects, "node:n1"), Verdict::kDeny);
}

TEST(Subject, DeniesItsOwnNodeWhenARuleDoes) {
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict({.release = release},
                      {pod("shop/db"), node("n1", "2001:db8::a"),
                       cnp("shop/db", "endpointSelector: {}, ingressDeny: [{fromEntities: [host]}]")},
                      "node:n1"),
              Verdict::kDeny);
  }
}

TEST(Subject, ResolvesPortNamesByItsOwnContainers) {
  const Scene scene(
      {pod("shop/db", "", "", "n1", "containers: [{ports: [{name: WEB, containerPort: 8080}]}]"),
       pod("shop/other", "", "", "n1", "containers: [{ports: [{name: web, containerPort: 9090}]}]"),
       pod("shop/udp", "", "", "n1", "containers: [{ports: [{name: web, containerPort: 8080, protocol: UDP}]}]"),
       cnp("shop/db", "endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: web, protocol: TCP}]}]}]")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1", 8080), Verdict::kAllow);
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1", 9090), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("shop/other", "2001:db8::1", 9090), Verdict::kAllow);
  EXPECT_EQ(scene.verdict("shop/udp", "2001:db8::1", 8080), Verdict::kDeny);
}

TEST(Subject, WithAPodLabelNamedHostIsTakenForOneUpTo119) {
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict({.release = release}, {pod("shop/db", "host: ''"), cnp("shop/db", kClosed)}),
              release == Release::k1_20_2 ? Verdict::kDeny : Verdict::kAllow);
  }
}

TEST(Subject, CollectsRequirementsOfAllItsPoliciesUpTo118) {
  const std::initializer_list<std::string> kObjects{
      pod("shop/db"), pod("shop/a", "app: web, env: prod"), pod("shop/b", "app: web"),
      cnp("shop/allow", "endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]"),
      cnp("shop/require", "endpointSelector: {}, ingress: [{fromRequires: [{matchLabels: {env: prod}}]}]")};
  EXPECT_EQ(verdict({.release = Release::k1_18_6}, kObjects, "shop/a"), Verdict::kAllow);
  EXPECT_EQ(verdict({.release = Release::k1_18_6}, kObjects, "shop/b"), Verdict::kDeny);
  EXPECT_EQ(verdict({.release = Release::k1_19_3}, kObjects, "shop/b"), Verdict::kAllow);  // the second is refused
}

TEST(Subject, ThatIsAHostNetworkPodIsItsNode) {
  const std::initializer_list<std::string> kObjects{pod("shop/db", "", "", "n1", "hostNetwork: true"),
                                                    node("n1", "2001:db8::a"), cnp("shop/db", kClosed),
                                                    ccnp("nodes", "nodeSelector: {}, ingress: [{}]")};
  EXPECT_EQ(verdict({}, kObjects), Verdict::kAllow);
  EXPECT_EQ(verdict({.enable_host_firewall = true}, kObjects), Verdict::kDeny);
}

TEST(RedirectRank, LiesBetweenAllowAndDeny) {
  EXPECT_EQ(redirect_rank(0), kLastRedirectRank);
  EXPECT_GT(redirect_rank(101), redirect_rank(116));
  EXPECT_LT(redirect_rank(1), kDenyRank);
  EXPECT_GT(redirect_rank(126), kLastRedirectRank);
}

}  // namespace
}  // namespace sextant::policy
