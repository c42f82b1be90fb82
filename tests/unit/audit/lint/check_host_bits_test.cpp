#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

TEST(HostBits, AreSetBeyondTheLength) {
  const auto remarks = remarks_of(ReasonId::kHostBits, cnp("ingress: [{fromCIDR: ['2001:db8:100::7/48']}]"));
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_THAT(remarks[0].fix, AllOf(HasSubstr("2001:db8:100::/48"), HasSubstr("2001:db8:100::7/128")));
  EXPECT_THAT(remarks_of(ReasonId::kHostBits, knp("ingress: [{from: [{ipBlock: {cidr: 192.0.2.7/24}}]}]")),
              ElementsAre(message(HasSubstr("256 addresses"))));
}

TEST(HostBits, AreSeenInGroupsToo) {
  EXPECT_THAT(remarks_of(ReasonId::kHostBits,
                         "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g}\nspec: {externalCIDRs: "
                         "['2001:db8::1/32', '2001:db8:1::/48']}\n"),
              SizeIs(1));
}

TEST(HostBits, AreNotSetInAPrefixOrAWholeAddress) {
  EXPECT_THAT(remarks_of(ReasonId::kHostBits,
                         cnp("ingress: [{fromCIDR: ['2001:db8:100::/48', '2001:db8::1/128', '192.0.2.0/24']}]")),
              IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
