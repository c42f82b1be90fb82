#include "agent/policy/trace.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::pod;
using test::Scene;

std::string policy(std::string_view name, std::string_view members) {
  return cnp(name, "endpointSelector: {}, " + std::string(members));
}

std::string port_80() { return "toPorts: [{ports: [{port: '80', protocol: TCP}]}]"; }

// "name: detail" of each rule, in order.
std::string traced(std::initializer_list<std::string> texts, std::string_view from, std::uint16_t port = 443,
                   Release release = kNewestRelease) {
  std::string text;
  for (const RuleTrace& rule : Scene(texts, {.release = release}).decide("shop/db", from, port).trace)
    text += rule.policy.name + ": " + rule.detail + "\n";
  return text;
}

TEST(Trace, BeginsWithWhatDecidedThenWhatNearlyDid) {
  const Decision decision =
      Scene({pod("shop/db"), policy("shop/far", "ingress: [{fromCIDR: ['2a00::/12'], " + port_80() + "}]"),
             policy("shop/port", "ingress: [{fromEntities: [world], " + port_80() + "}]"),
             policy("shop/peer", "ingress: [{fromCIDR: ['2a00::/12']}]"),
             policy("shop/this", "ingress: [{fromEntities: [world]}]")})
          .decide("shop/db", "2001:db8::1", 443);
  ASSERT_EQ(decision.trace.size(), 4u);
  EXPECT_EQ(decision.trace[0].policy.name, "this");
  EXPECT_TRUE(decision.trace[0].matched);
  EXPECT_EQ(decision.trace[0].detail, "matches, and allows");
  EXPECT_EQ(decision.trace[1].policy.name, "peer");
  EXPECT_FALSE(decision.trace[1].matched);
  EXPECT_EQ(decision.trace[1].detail, "the source (world) is none of its peers: 2a00::/12");
  EXPECT_EQ(decision.trace[2].policy.name, "port");
  EXPECT_EQ(decision.trace[2].detail, "443/TCP is not among its ports: 80/TCP");
  EXPECT_EQ(decision.trace[3].policy.name, "far");
  EXPECT_EQ(decision.trace[3].detail,
            "the source (world) is none of its peers: 2a00::/12; and 443/TCP is not among its ports: 80/TCP");
}

TEST(Trace, SaysWhatOverrulesARuleThatMatches) {
  EXPECT_EQ(traced({pod("shop/db"), policy("shop/a", "ingress: [{fromEntities: [world]}]"),
                    policy("shop/b", "ingressDeny: [{fromEntities: [world]}]")},
                   "2001:db8::1"),
            "b: matches, and denies\n"
            "a: matches, and allows; but a deny rule goes before every allow of its tier\n");
  EXPECT_EQ(
      traced({pod("shop/db"), policy("shop/a", "ingress: [{fromEntities: [world]}]"),
              policy("shop/b", "ingress: [{toPorts: [{ports: [{port: '443', protocol: TCP}], rules: {http: [{}]}}]}]")},
             "2001:db8::1", 443, Release::k1_19_3),
      "b: matches, and allows\n"
      "a: matches, and allows; but a rule that asks for the L7 proxy goes before it\n");
}

TEST(Trace, SaysThatAnEarlierTierGoesBefore) {
  const auto tiered = [](std::string_view action) {
    return test::policy_text("ClusterNetworkPolicy", "admin",
                             "tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: " +
                                 std::string(action) + ", from: [{namespaces: {}}]}]");
  };
  const std::string allow = policy("shop/a", "ingress: [{fromEndpoints: [{}]}]");
  const std::string web = pod("shop/web", "", "2001:db8:1::2");
  EXPECT_EQ(traced({pod("shop/db"), web, tiered("Deny"), allow}, "shop/web"),
            "admin: matches, and denies\n"
            "a: matches, and allows; but a rule of an earlier tier goes before it\n");
  EXPECT_EQ(traced({pod("shop/db"), web, tiered("Pass"), allow}, "shop/web"),
            "admin: matches, and passes on to the next tier\n"
            "a: matches, and allows\n");
}

TEST(Trace, SaysThatAnExceptionKeepsTheSourceOut) {
  EXPECT_EQ(traced({pod("shop/db"),
                    policy("shop/a", "ingress: [{fromCIDRSet: [{cidr: '2a00::/12', except: ['2a00:1::/32']}]}]")},
                   "2a00:1::7"),
            "a: the source lies in 2a00::/12, but 2a00:1::/32 is excepted\n");
}

TEST(Trace, TellsWhereEachRuleIsWritten) {
  const Decision decision =
      Scene({pod("shop/db"), policy("shop/a", "ingress: [{fromEntities: [world]}]")}).decide("shop/db", "2001:db8::1");
  ASSERT_EQ(decision.policies.size(), 1u);
  EXPECT_EQ(decision.policies[0].rule, "spec.ingress[0]");
  EXPECT_EQ(decision.policies[0].origin.to_string(), "test.yaml:1");
}

TEST(Trace, SaysThatAnEmptyElementOnlyCloses) {
  const Decision decision = Scene({pod("shop/db"), policy("shop/a", "ingress: [{}]")}).decide("shop/db", "2001:db8::1");
  ASSERT_EQ(decision.trace.size(), 1u);
  EXPECT_EQ(decision.trace[0].detail, "allows nobody: it only closes what no rule allows");
}

}  // namespace
}  // namespace sextant::policy
