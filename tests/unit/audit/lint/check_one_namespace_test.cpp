#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

TEST(OneNamespace, IsTheEmptySelectorAlone) {
  EXPECT_THAT(remarks_of(ReasonId::kOneNamespace, cnp("ingress: [{fromEndpoints: [{}]}]")),
              ElementsAre(message(HasSubstr("pods of namespace shop only"))));
}

TEST(OneNamespace, IsNoneThatNamesLabelsOrStandsBesideOtherPeers) {
  EXPECT_THAT(remarks_of(ReasonId::kOneNamespace, cnp("ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]")),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOneNamespace, cnp("ingress: [{fromEndpoints: [{}]}, {fromEntities: [ingress]}]")),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOneNamespace,
                         cnp("ingress: [{fromEntities: [all]}]\n  ingressDeny: [{fromEndpoints: [{}]}]")),
              IsEmpty());
}

TEST(OneNamespace, IsNotAClusterwidePolicy) {
  std::string yaml = cnp("ingress: [{fromEndpoints: [{}]}]");
  yaml.replace(yaml.find("CiliumNetworkPolicy"), 19, "CiliumClusterwideNetworkPolicy");
  yaml.replace(yaml.find(", namespace: shop"), 17, "");
  EXPECT_THAT(remarks_of(ReasonId::kOneNamespace, yaml), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
