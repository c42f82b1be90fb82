#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

TEST(PrunedField, ThatWasToNamePeersLeavesEveryoneOnThosePorts) {
  const auto remarks =
      remarks_of(ReasonId::kPruned,
                 cnp("ingress: [{fromCIDRs: ['2001:db8::/32'], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]"));
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_THAT(remarks[0],
              AllOf(message(HasSubstr("everyone, the internet too, on those ports")), fix(HasSubstr("fromCIDR"))));
  EXPECT_EQ(remarks[0].policy.rule, "spec.ingress[0].fromCIDRs");
}

TEST(PrunedField, WithoutPortsLeavesNobodyInCiliumAndEveryoneInKubernetes) {
  EXPECT_THAT(remarks_of(ReasonId::kPruned, cnp("ingress: [{fromCIDRs: ['2001:db8::/32']}]")),
              ElementsAre(message(HasSubstr("lets in nobody"))));
  EXPECT_THAT(remarks_of(ReasonId::kPruned, knp("ingress: [{form: []}]")),
              ElementsAre(AllOf(message(HasSubstr("everyone, the internet too, on every port")),
                                fix(HasSubstr("write from")))));
}

TEST(PrunedField, IsOneOnlyWhereTheReleaseDoesNotKnowIt) {
  const std::string logged = cnp("log: {value: x}\n  ingress: [{fromEntities: [world]}]");
  EXPECT_THAT(remarks_of(ReasonId::kPruned, logged, of_release(policy::Release::k1_17_0)), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kPruned, logged, of_release(policy::Release::k1_18_6)), IsEmpty());
}

TEST(PrunedField, IsNoneOfThoseThatAreKnown) {
  EXPECT_THAT(
      remarks_of(
          ReasonId::kPruned,
          cnp("description: x\n  labels: [{key: a, value: b, source: c}]\n  enableDefaultDeny: {ingress: true}\n"
              "  ingress:\n"
              "  - fromCIDRSet: [{cidr: '2001:db8::/32', except: ['2001:db8:1::/48']}]\n"
              "    toPorts: [{ports: [{port: '80', endPort: 90, protocol: TCP}], rules: {http: [{path: /, host: "
              "x}]}}]\n"
              "  - fromEndpoints: [{matchExpressions: [{key: a, operator: In, values: [b]}]}]\n"
              "    icmps: [{fields: [{family: IPv6, type: 128}]}]\n"
              "  egress: [{toFQDNs: [{matchName: a.b}], toServices: [{k8sService: {serviceName: x, namespace: y}}]}]") +
              knp("policyTypes: [Ingress]\n  ingress: [{from: [{ipBlock: {cidr: '::/0', except: ['2001:db8::/32']}}], "
                  "ports: [{port: 80, endPort: 90, protocol: TCP}]}]")),
      IsEmpty());
}

TEST(Refused, AreTypesWordsAndCombinationsThatTheSchemaForbids) {
  const auto one = [](const std::string& yaml, const std::string& text) {
    EXPECT_THAT(remarks_of(ReasonId::kRefused, yaml), Contains(message(HasSubstr(text)))) << yaml;
  };
  one(cnp("ingress: [{toPorts: [{ports: [{port: 80}]}]}]"),
      "spec.ingress[0].toPorts[0].ports[0].port must be a string");
  one(cnp("ingress: [{fromEntities: [internet]}]"), "'internet' is none of all, world");
  one(cnp("ingress: [{fromEntities: [world-ipv6]}]"), "'world-ipv6' is none of");
  one(cnp("ingress: [{fromCIDR: ['2001:db8::1']}]"), "is no prefix");
  one(cnp("ingress: [{fromCIDRSet: [{cidr: '::/1', cidrGroupRef: x}]}]"), "has more than one of cidr, cidrGroupRef");
  one(cnp("description: only"), "has none of ingress");
  one(cnp("nodeSelector: {}\n  ingress: [{}]"), "has more than one of endpointSelector, nodeSelector");
  one(cnp("ingress: [{authentication: {}}]"), "mode is missing");
  one(knp("ingress: [{from: [{}]}]"), "has none of podSelector");
  one(knp("ingress: [{from: [{podSelector: {}, ipBlock: {cidr: '::/1'}}]}]"), "may not combine ipBlock");
  one(knp("ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32', except: ['2001:db8::/32']}}]}]"), "no strict part");
  one(knp("ingress: [{ports: [{port: 0}]}]"), "1 to 65535");
  one(knp("ingress: [{ports: [{port: 90, endPort: 80}]}]"), "is less than the port");
  one(knp("ingress: [{ports: [{port: http, endPort: 80}]}]"), "needs a port that is a number");
}

TEST(Refused, IsTheFortyFirstPort) {
  const auto with_ports = [](int number) {
    std::string ports;
    for (int i = 1; i <= number; ++i) ports += "{port: '" + std::to_string(i) + "'}, ";
    return cnp("ingress: [{toPorts: [{ports: [" + ports + "]}]}]");
  };
  EXPECT_THAT(remarks_of(ReasonId::kRefused, with_ports(40)), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRefused, with_ports(41)), ElementsAre(message(HasSubstr("at most 40 items"))));
}

TEST(Refused, DependsOnTheRelease) {
  const std::string mesh = cnp("ingress: [{fromEntities: [cluster-mesh]}]");
  EXPECT_THAT(remarks_of(ReasonId::kRefused, mesh, of_release(policy::Release::k1_19_3)), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kRefused, mesh, of_release(policy::Release::k1_20_2)), IsEmpty());
  const std::string requires_it = cnp("ingress: [{fromEndpoints: [{}], fromRequires: [{matchLabels: {a: b}}]}]");
  EXPECT_THAT(remarks_of(ReasonId::kRefused, requires_it, of_release(policy::Release::k1_18_6)), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRefused, requires_it, of_release(policy::Release::k1_19_3)), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::lint::testing
