#include "agent/policy/explain.h"

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

std::string why(std::initializer_list<std::string> texts, std::string_view from = "2001:db8::1",
                std::uint16_t port = 443, Options options = {}) {
  return Scene(texts, std::move(options)).decide("shop/db", from, port).why;
}

TEST(Why, NamesTheRuleThatDecides) {
  EXPECT_EQ(why({pod("shop/db"), policy("shop/open", "ingress: [{fromEntities: [cluster]}, {fromEntities: [world]}]")}),
            "CiliumNetworkPolicy shop/open spec.ingress[1] allows it");
  EXPECT_EQ(
      why({pod("shop/db"), policy("shop/shut", "ingressDeny: [{fromEntities: [world]}]")}),
      "CiliumNetworkPolicy shop/shut spec.ingressDeny[0] denies it, and a deny rule wins over every allow of its tier");
}

TEST(Why, NamesWhatCloses) {
  EXPECT_EQ(why({pod("shop/db"), policy("shop/a", "ingress: [{}]")}),
            "no rule allows it, and CiliumNetworkPolicy shop/a closes what no rule allows");
  EXPECT_EQ(
      why({pod("shop/db"), policy("shop/a", "ingress: [{}]"), policy("shop/b", "ingress: [{}]")}),
      "no rule allows it, and CiliumNetworkPolicy shop/a and CiliumNetworkPolicy shop/b close what no rule allows");
}

TEST(Why, DoesNotSayThatAPolicyClosesWhichLeavesOpen) {
  const Scene scene({pod("shop/db"), policy("shop/a", "ingress: [{}]"),
                     policy("shop/b", "ingress: [{fromEntities: [host]}], enableDefaultDeny: {ingress: false}")});
  const Decision decision = scene.decide("shop/db", "2001:db8::1");
  EXPECT_EQ(decision.why, "no rule allows it, and CiliumNetworkPolicy shop/a closes what no rule allows");
  ASSERT_EQ(decision.policies.size(), 1u);
  EXPECT_EQ(decision.policies[0].name, "a");
}

TEST(Why, CountsManyPolicies) {
  std::vector<std::string> texts;
  Scene scene({pod("shop/db")});
  for (char name = 'a'; name <= 'e'; ++name) {
    scene.world.apply(test::object(policy(std::string("shop/") + name, "ingress: [{fromEntities: [world]}]")));
  }
  EXPECT_EQ(
      scene.decide("shop/db", "2001:db8::1").why,
      "CiliumNetworkPolicy shop/a spec.ingress[0], CiliumNetworkPolicy shop/b spec.ingress[0] and 3 more allow it");
}

TEST(Why, TellsDefaultsFromIntent) {
  EXPECT_EQ(why({pod("shop/db")}), "no policy selects it for ingress, so everything is let in");
  EXPECT_EQ(
      why({pod("shop/db"), policy("shop/a", "ingress: [{fromEntities: [host]}], enableDefaultDeny: {ingress: false}")}),
      "the policies that select it leave open what no rule denies (enableDefaultDeny: false)");
  EXPECT_NE(why({pod("shop/db")}, "2001:db8::1", 443, {.enable_policy = EnablePolicy::kNever}).find("not enforced"),
            std::string::npos);
}

TEST(Why, SaysWhatIsUnknown) {
  EXPECT_EQ(why({pod("shop/db"), policy("shop/aws", "ingress: [{fromGroups: [{aws: {}}]}]")}),
            "CiliumNetworkPolicy shop/aws spec.ingress[0] could change it: fromGroups names addresses that only the "
            "cloud's interface knows");
}

TEST(PortText, ReadsAsPeopleSayIt) {
  EXPECT_EQ(port_text(Protocol::kTcp, 443), "443/TCP");
  EXPECT_EQ(port_text(Protocol::kIcmpv6, 128), "ICMPv6 type 128");
  EXPECT_EQ(port_text(Protocol::kGre, 0), "GRE");
}

}  // namespace
}  // namespace sextant::policy
