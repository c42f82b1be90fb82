#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

TEST(OneFamily, IsIpv4WithoutIpv6) {
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, cnp("ingress: [{fromCIDR: ['0.0.0.0/0']}]")),
              ElementsAre(message(HasSubstr("nobody with IPv6 is let in"))));
  EXPECT_THAT(
      remarks_of(ReasonId::kOneFamily,
                 cnp("ingress: [{}]\n  ingressDeny: [{fromCIDRSet: [{cidr: '0.0.0.0/0', except: ['10.0.0.0/8']}]}]")),
      ElementsAre(message(HasSubstr("the whole IPv6 internet is not denied"))));
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, knp("ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]")),
              ElementsAre(fix(HasSubstr("ipBlock with ::/0"))));
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, cnp("ingress: [{fromCIDR: ['0.0.0.0/1', '128.0.0.0/1']}]")), SizeIs(1));
}

TEST(OneFamily, IsNotWhereBothAreNamed) {
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, cnp("ingress: [{fromCIDR: ['0.0.0.0/0', '::/0']}]")), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, cnp("ingress: [{fromCIDR: ['0.0.0.0/0']}, {fromCIDR: ['::/0']}]")),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, cnp("ingress: [{fromCIDR: ['0.0.0.0/0']}, {fromEntities: [world]}]")),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, cnp("ingress: [{fromCIDR: ['10.0.0.0/8']}]")), IsEmpty());
}

TEST(OneFamily, IsThatOfOtherPorts) {
  EXPECT_THAT(
      remarks_of(ReasonId::kOneFamily,
                 cnp("ingress: [{fromCIDR: ['0.0.0.0/0'], toPorts: [{ports: [{port: '80'}]}]}, {fromCIDR: ['::/0'], "
                     "toPorts: [{ports: [{port: '81'}]}]}]")),
      SizeIs(1));
}

TEST(OneFamily, IsIpv6WithoutIpv4WhereTheClusterHasIpv4) {
  const std::string yaml = cnp("ingress: [{fromCIDR: ['::/0']}]");
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, yaml), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kOneFamily, yaml, {.dual_stack = true}), SizeIs(1));
}

TEST(WorldPrefix, IsTheWholeOfIpv6WithoutExceptions) {
  EXPECT_THAT(remarks_of(ReasonId::kWorldPrefix, cnp("ingress: [{fromCIDR: ['::/0']}]")), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kWorldPrefix, cnp("ingress: [{fromCIDRSet: [{cidr: '::/0'}]}]")), SizeIs(1));
}

TEST(WorldPrefix, IsNotOneWithExceptionsNorOneOfKubernetesNorAPart) {
  EXPECT_THAT(
      remarks_of(ReasonId::kWorldPrefix, cnp("ingress: [{fromCIDRSet: [{cidr: '::/0', except: ['2001:db8::/32']}]}]")),
      IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kWorldPrefix, knp("ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]")), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kWorldPrefix, cnp("ingress: [{fromCIDR: ['2000::/3']}]")), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
