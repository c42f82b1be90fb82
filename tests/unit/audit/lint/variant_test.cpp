#include "agent/audit/lint/variant.h"

#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint {
namespace {

struct Written {
  explicit Written(const std::string& kind, const std::string& spec)
      : world(testing::world_of((kind == "NetworkPolicy" ? "apiVersion: networking.k8s.io/v1\nkind: "
                                                         : "apiVersion: cilium.io/v2\nkind: ") +
                                kind + "\nmetadata: {name: db, namespace: shop}\n" + spec + "\n")),
        object(world.policies().begin()->second),
        view(view_of(object)) {}

  World world;
  const PolicyObject& object;
  PolicyView view;
};

const std::string kTwo = "spec: {endpointSelector: {}, ingress: [{fromEntities: [world]}, {fromEntities: [host]}]}";

TEST(WithoutRule, LeavesWhatAsksForDefaultDeny) {
  const Written policy("CiliumNetworkPolicy", kTwo);
  const auto without = without_rule(policy.object, policy.view.specs[0].rules[0]);
  ASSERT_TRUE(without);
  const Document ingress = *without->body->at({"spec", "ingress"});
  ASSERT_EQ(ingress.items.size(), 2U);
  EXPECT_TRUE(ingress.items[0].is_map());
  EXPECT_TRUE(ingress.items[0].members.empty());
  EXPECT_EQ(ingress.items[1].get("fromEntities")->items.at(0).text, "host");
  EXPECT_EQ(policy.object.body->at({"spec", "ingress"})->items[0].members.size(), 1U) << "the policy itself stays";
}

TEST(WithoutRule, OfANetworkPolicyIsolatesStill) {
  const Written policy("NetworkPolicy", "spec: {podSelector: {}, ingress: [{}], egress: []}");
  const auto without = without_rule(policy.object, policy.view.specs[0].rules[0]);
  ASSERT_TRUE(without);
  EXPECT_TRUE(without->body->at({"spec", "ingress"})->items.empty());
  const Document types = *without->body->at({"spec", "policyTypes"});
  ASSERT_EQ(types.items.size(), 2U);
  EXPECT_EQ(types.items[0].text, "Ingress");
  EXPECT_EQ(types.items[1].text, "Egress");
}

TEST(WithoutRule, ThatIsNotThereIsNone) {
  const Written policy("CiliumNetworkPolicy", kTwo);
  RuleView beyond = policy.view.specs[0].rules[0];
  beyond.where = "spec.ingress[2]";
  EXPECT_FALSE(without_rule(policy.object, beyond));
  beyond.where = "spec.ingressDeny[0]";
  EXPECT_FALSE(without_rule(policy.object, beyond));
}

TEST(OnlyRule, KeepsTheSubjectAndNothingElse) {
  const Written policy("CiliumNetworkPolicy",
                       "specs: [{endpointSelector: {matchLabels: {app: a}}, ingress: [{}]}, {endpointSelector: "
                       "{matchLabels: {app: b}}, ingress: [{fromEntities: [world]}], ingressDeny: [{fromEntities: "
                       "[host]}, {fromCIDR: ['::/0']}], egress: [{}], egressDeny: [{}]}]");
  const SpecView& spec = policy.view.specs.at(1);
  const auto only = only_rule(policy.object, spec, spec.rules.at(2));
  ASSERT_TRUE(only);
  EXPECT_FALSE(only->body->at({"specs"}));
  const Document left = *only->body->at({"spec"});
  EXPECT_EQ(left.at({"endpointSelector", "matchLabels", "app"})->text, "b");
  EXPECT_EQ(left.get("ingress"), nullptr);
  EXPECT_EQ(left.get("egress"), nullptr);
  EXPECT_EQ(left.get("egressDeny"), nullptr);
  ASSERT_EQ(left.get("ingressDeny")->items.size(), 1U);
  EXPECT_EQ(left.get("ingressDeny")->items[0].get("fromCIDR")->items.at(0).text, "::/0");
}

}  // namespace
}  // namespace sextant::audit::lint
