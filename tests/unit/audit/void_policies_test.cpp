// Which policies do nothing, as the daemon sees it.
#include "agent/audit/void_policies.h"

#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit {
namespace {

using lint::testing::kDb;
using lint::testing::kNode;

std::string policy(const std::string& name, const std::string& spec) {
  return "\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {" + spec + "}\n";
}
const std::string kOfDb = "endpointSelector: {matchLabels: {app: db}}, ";
const std::string kOpen =
    policy("open", kOfDb + "ingress: [{fromEntities: [world], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]");
const std::string kDenyWorld = policy("deny", kOfDb + "ingressDeny: [{fromEntities: [world]}]");
const std::string kTypo = policy("typo", "endpointSelector: {matchLabels: {app: bd}}, ingress: [{}]");

std::string pod(const std::string& name, const std::string& labels, const std::string& node) {
  return "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, labels: {" + labels +
         "}}\nspec: {nodeName: " + node +
         "}\nstatus: {podIPs: [{ip: '2001:db8:1::" + std::to_string(100 + name.size()) + "'}]}\n";
}

// A world that changes, and those who look at it.
class Scene {
 public:
  explicit Scene(const std::string& yaml, bool templates_known = true)
      : world_(lint::testing::world_of(yaml)), void_(world_, engine_, templates_known) {}

  void apply(const std::string& yaml) {
    const auto documents = parse_yaml(yaml);
    for (const Document& document : *documents) {
      if (document.is_null()) continue;
      const Delta delta = **decode(document, {.file = "policies.yaml", .line = document.line});
      world_.apply(delta);
      engine_.on(delta);
    }
  }
  // "deny shadowed", policy by policy.
  std::vector<std::string> look() {
    void_.look();
    std::vector<std::string> found;
    for (const lint::Remark& remark : void_.remarks())
      found.push_back(remark.policy.name + " " + std::string(lint::reason(remark.reason).word));
    return found;
  }
  const lint::Remark& first() const { return void_.remarks().front(); }

 private:
  World world_;
  policy::Engine engine_{world_, {}};
  VoidPolicies void_;
};

using Words = std::vector<std::string>;

TEST(VoidPolicies, WithAnEffectAreNotNamed) { EXPECT_EQ(Scene(kNode + kDb + kOpen).look(), Words{}); }

TEST(VoidPolicies, SelectNothingWhenNoPodOrTemplateIsSelected) {
  Scene scene(kNode + kDb + kTypo);
  ASSERT_EQ(scene.look(), Words{"typo selects-nothing"});
  EXPECT_EQ(scene.first().policy.to_string(), "CiliumNetworkPolicy shop/typo");
  EXPECT_EQ(scene.first().policy.rule, "");
  scene.apply(pod("bd", "app: bd", "n2"));
  EXPECT_EQ(scene.look(), Words{}) << "a pod of another node counts";
}

TEST(VoidPolicies, OfATemplateSelectSomething) {
  Scene scene(kNode + kDb + policy("web", "endpointSelector: {matchLabels: {app: web}}, ingress: [{}]"));
  EXPECT_EQ(scene.look(), Words{"web selects-nothing"});
  scene.apply(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: "
      "{labels: {app: web}}, spec: {containers: []}}}\n");
  EXPECT_EQ(scene.look(), Words{});
}

TEST(VoidPolicies, OfAnUnknownNamespaceOrAnApiServerAreNotSaidToSelectNothing) {
  EXPECT_EQ(Scene(kNode + kTypo).look(), Words{}) << "no pod of the namespace is known";
  EXPECT_EQ(Scene(kNode + kDb + kTypo, false).look(), Words{}) << "a workload may be scaled to zero";
}

TEST(VoidPolicies, AreShadowedWhenADenyTakesAllThatTheyAllow) {
  Scene scene(kNode + kDb + kOpen + kDenyWorld);
  ASSERT_EQ(scene.look(), Words{"open shadowed"});
  EXPECT_THAT(scene.first().message,
              ::testing::HasSubstr("denied by CiliumNetworkPolicy shop/deny spec.ingressDeny[0] (policies.yaml:"));
  EXPECT_THAT(scene.first().fix, ::testing::HasSubstr("remove this policy"));
  EXPECT_EQ(Scene(kNode + kDb + kOpen + kDenyWorld, false).look(), Words{"open shadowed"}) << "of an API server too";
  scene.apply(policy("deny", kOfDb + "ingressDeny: [{fromCIDR: ['2001:db8:7::/48']}]"));
  EXPECT_EQ(scene.look(), Words{}) << "most is let in";
}

TEST(VoidPolicies, WhoseRulesCouldLetInPodsAreNotSaidToBeShadowed) {
  const std::string deny = policy("deny", kOfDb + "ingressDeny: [{fromEntities: [all]}]");
  const auto look = [&](const std::string& ingress) {
    return Scene(kNode + kDb + policy("open", kOfDb + "ingress: [" + ingress + "]") + deny).look();
  };
  EXPECT_EQ(look("{fromCIDR: ['2001:db8:7::/48']}"), Words{"open shadowed"});
  EXPECT_EQ(look("{fromEndpoints: [{matchLabels: {app: web}}]}"), Words{});
  EXPECT_EQ(look("{fromEntities: [world, cluster]}"), Words{});
  EXPECT_EQ(look("{fromCIDR: ['2001:db8:7::/48']}, {fromEndpoints: [{}]}"), Words{});
  EXPECT_EQ(look("{}"), Words{});
  EXPECT_EQ(look("{fromEntities: [world], toPorts: [{ports: [{port: '80'}], rules: {http: [{method: GET}]}}]}"),
            Words{});
}

TEST(VoidPolicies, ThatSelectOtherPodsElsewhereAreNotSaidToBeShadowed) {
  Scene scene(kNode + kDb + policy("open", "endpointSelector: {}, ingress: [{fromEntities: [world]}]") + kDenyWorld,
              false);
  EXPECT_EQ(scene.look(), Words{"open shadowed"});
  scene.apply(pod("replica", "app: db", "n2"));
  EXPECT_EQ(scene.look(), Words{"open shadowed"}) << "a pod like one of this node";
  scene.apply(pod("other", "app: web", "n2"));
  EXPECT_EQ(scene.look(), Words{});
}

TEST(VoidPolicies, ThatAnAnnotationSilencesAreNotNamed) {
  std::string typo = kTypo;
  typo.replace(typo.find("namespace: shop"), 15,
               "namespace: shop, annotations: {sextant.dev/lint-ignore: selects-nothing}");
  EXPECT_EQ(Scene(kNode + kDb + typo).look(), Words{});
}

TEST(VoidPolicies, ThatAreRefusedAreNotNamedTwice) {
  const std::string bad = policy("bad", "endpointSelector: {matchLabels: {app: bd}}, ingress: [{fromCIDR: [x]}]");
  EXPECT_EQ(Scene(kNode + kDb + bad).look(), Words{});
}

}  // namespace
}  // namespace sextant::audit
