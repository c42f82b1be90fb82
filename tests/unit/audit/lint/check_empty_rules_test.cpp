#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

std::vector<Remark> cilium(const std::string& rest, const std::string& name = "db") {
  return remarks_of(ReasonId::kEmptyRule, cnp(rest, name));
}
std::vector<Remark> kubernetes(const std::string& rest, const std::string& name = "db") {
  return remarks_of(ReasonId::kEmptyRule, knp(rest, name));
}

TEST(EmptyRule, LetsNobodyInWithCilium) {
  EXPECT_THAT(cilium("ingress: [{}]"), ElementsAre(message(HasSubstr("lets nobody in"))));
  EXPECT_THAT(cilium("ingress: [{}, {fromEntities: [world]}]"),
              ElementsAre(message(HasSubstr("beside other rules it does nothing"))));
  EXPECT_THAT(cilium("ingressDeny: [{}]"), ElementsAre(message(HasSubstr("denies nobody"))));
}

TEST(EmptyRule, IsNotSaidOfWhoSaysThatHeDenies) {
  EXPECT_THAT(cilium("ingress: [{}]", "default-deny"), IsEmpty());
  EXPECT_THAT(cilium("description: Deny all ingress\n  ingress: [{}]"), IsEmpty());
}

TEST(EmptyRule, LetsEveryoneInWithKubernetes) {
  EXPECT_THAT(kubernetes("ingress: [{}]"),
              ElementsAre(message(HasSubstr("lets in everyone, the internet too, on every port"))));
  EXPECT_THAT(kubernetes("ingress: [{from: [], ports: [{port: 80}]}]"),
              ElementsAre(message(HasSubstr("from: [] is everyone"))));
  EXPECT_THAT(kubernetes("ingress: [{}]", "allow-all-ingress"), IsEmpty());
}

TEST(EmptyRule, IsNotOneThatNamesPorts) {
  EXPECT_THAT(kubernetes("ingress: [{ports: [{port: 80}]}]"), IsEmpty());
  EXPECT_THAT(kubernetes("ingress: []"), IsEmpty());
  EXPECT_THAT(cilium("ingress: [{toPorts: [{ports: [{port: '80'}]}]}]"), IsEmpty());
}

TEST(EmptyRule, IsAnEmptyListOfPeersOrPorts) {
  EXPECT_THAT(cilium("ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: '80'}]}]}]"),
              ElementsAre(message(HasSubstr("is nobody"))));
  EXPECT_THAT(cilium("ingress: [{fromEntities: [world], toPorts: [{}]}]"),
              ElementsAre(message(HasSubstr("it is not every port"))));
  EXPECT_THAT(cilium("ingress: [{fromEntities: [world], icmps: [{fields: []}]}]"), SizeIs(1));
}

TEST(EmptyRule, IsAnIngressThatIsNoRuleAtAll) {
  EXPECT_THAT(cilium("ingress: []\n  egress: [{toEntities: [all]}]"),
              ElementsAre(message(HasSubstr("no rule at all"))));
  EXPECT_THAT(cilium("enableDefaultDeny: {ingress: true}\n  egress: [{toEntities: [all]}]"), SizeIs(1));
  EXPECT_THAT(cilium("egress: [{toEntities: [all]}]"), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
