#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

const std::string kPort = "toPorts: [{ports: [{port: '80', protocol: TCP}]}]";

TEST(Shadowed, IsAnAllowThatADenyCovers) {
  const auto remarks = remarks_of(ReasonId::kShadowed, cnp("ingress: [{fromCIDR: ['2001:db8:100::/48'], " + kPort +
                                                           "}]\n  ingressDeny: [{fromEntities: [world]}]") +
                                                           kDb);
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_EQ(remarks[0].policy.rule, "spec.ingress[0]");
  EXPECT_THAT(remarks[0].message,
              HasSubstr("denied by CiliumNetworkPolicy shop/db spec.ingressDeny[0] (policies.yaml:"));
}

TEST(Shadowed, IsNotAnAllowThatADenyCoversInPart) {
  EXPECT_THAT(remarks_of(ReasonId::kShadowed, cnp("ingress: [{fromCIDR: ['2001:db8:100::/48'], " + kPort +
                                                  "}]\n  ingressDeny: [{fromCIDR: ['2001:db8:100:1::/64']}]") +
                                                  kDb),
              IsEmpty());
}

TEST(Shadowed, IsToldWithoutPodsToo) {
  EXPECT_THAT(remarks_of(ReasonId::kShadowed,
                         cnp("ingress: [{fromCIDR: ['2001:db8:100::/48']}]\n  ingressDeny: [{fromEntities: [world]}]")),
              SizeIs(1));
}

TEST(Redundant, IsAnAllowThatAnotherCovers) {
  const std::string yaml = cnp("ingress: [{fromEntities: [world]}]", "wide") +
                           cnp("ingress: [{fromCIDR: ['2001:db8:100::/48'], " + kPort + "}]", "narrow") + kDb;
  const auto remarks = remarks_of(ReasonId::kRedundant, yaml);
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_EQ(remarks[0].policy.name, "narrow");
  EXPECT_THAT(remarks[0].message, HasSubstr("shop/wide"));
}

TEST(Redundant, IsOneOfTwoThatSayTheSame) {
  const std::string same = "ingress: [{fromEntities: [world], " + kPort + "}]";
  EXPECT_THAT(remarks_of(ReasonId::kRedundant, cnp(same, "one") + cnp(same, "two") + kDb), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kRedundant, knp("ingress: [{ports: [{port: 80}]}, {ports: [{port: 80}]}]") + kDb),
              SizeIs(1));
}

TEST(Redundant, IsNoRuleForPodsThatTheManifestsDoNotHold) {
  EXPECT_THAT(
      remarks_of(ReasonId::kRedundant,
                 cnp("ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}, {fromEndpoints: [{matchLabels: {app: "
                     "batch}}]}]") +
                     kDb),
      IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRedundant,
                         cnp("ingress: [{fromEndpoints: [{}]}, {fromEndpoints: [{matchLabels: {app: batch}}]}]") + kDb),
              ElementsAre(Field(&Remark::policy, Field(&PolicyRef::rule, "spec.ingress[1]"))));
}

TEST(Redundant, IsNoDefaultDenyOfWhatOthersIsolateToo) {
  EXPECT_THAT(
      remarks_of(ReasonId::kRedundant, cnp("ingress: [{}]", "default-deny") +
                                           cnp("ingress: [{fromEntities: [world], " + kPort + "}]", "web") + kDb),
      IsEmpty());
}

TEST(Redundant, IsNoRuleBesideOneOnRequests) {
  EXPECT_THAT(remarks_of(ReasonId::kRedundant, cnp("ingress: [{fromEntities: [world], " + kPort +
                                                   "}, {fromEntities: [world], toPorts: [{ports: "
                                                   "[{port: '80', protocol: TCP}], rules: {http: [{path: /x}]}}]}]") +
                                                   kDb),
              IsEmpty());
}

TEST(Redundant, IsNoRuleForTheNodesOwnEndpoints) {
  EXPECT_THAT(
      remarks_of(ReasonId::kRedundant, cnp("ingress: [{fromEntities: [health]}, {fromEntities: [world]}]") + kDb),
      IsEmpty());
}

TEST(Overruled, IsADenyUnderAnAdminsAccept) {
  const std::string admin = R"(
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: admin}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress: [{action: Accept, from: [{namespaces: {}}]}]
)";
  const std::string deny = cnp("ingress: [{fromEntities: [all]}]\n  ingressDeny: [{fromEndpoints: [{}]}]");
  EXPECT_THAT(remarks_of(ReasonId::kOverruled, deny + kDb), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOverruled, admin + deny + kDb), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::lint::testing
