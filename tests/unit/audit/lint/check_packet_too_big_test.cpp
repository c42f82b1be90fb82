#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

const std::string kServe = "ingress: [{fromEntities: [world], toPorts: [{ports: [{port: '443', protocol: TCP}]}]}";

TEST(PacketTooBig, IsMissedByAServerUnderDefaultDeny) {
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig, cnp(kServe + "]") + kDb),
              ElementsAre(message(HasSubstr("shop/db"))));
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig, cnp(kServe + "]")), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig, knp("ingress: [{ports: [{port: 443}]}]") + kDb),
              ElementsAre(fix(HasSubstr("a NetworkPolicy cannot name ICMPv6"))));
}

TEST(PacketTooBig, GetsInByARuleForItOrForEverything) {
  EXPECT_THAT(
      remarks_of(
          ReasonId::kNoPacketTooBig,
          cnp(kServe + ", {fromEntities: [world], icmps: [{fields: [{family: IPv6, type: PacketTooBig}]}]}]") + kDb),
      IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig, cnp("ingress: [{fromEntities: [world]}]") + kDb), IsEmpty());
}

TEST(PacketTooBig, IsNotIcmpOfTheOtherFamilyNorThatOfTheClientsOnly) {
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig,
                         cnp(kServe + ", {fromEntities: [world], icmps: [{fields: [{type: 3}]}]}]") + kDb),
              SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig, cnp("ingress: [{fromCIDR: ['2001:db8:100::/48']}]") + kDb),
              SizeIs(1));
}

TEST(PacketTooBig, DoesNotMatterToWhoServesNobodyOutside) {
  EXPECT_THAT(remarks_of(ReasonId::kNoPacketTooBig, cnp("ingress: [{fromEndpoints: [{}]}]") + kDb), IsEmpty());
  EXPECT_THAT(
      remarks_of(ReasonId::kNoPacketTooBig, cnp("enableDefaultDeny: {ingress: false}\n  " + kServe + "]") + kDb),
      IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
