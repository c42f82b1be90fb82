#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

TEST(Rejected, IsWhatTheApiServerStoresAndCiliumRefuses) {
  const auto remarks =
      remarks_of(ReasonId::kRejected, cnp("ingress: [{fromCIDR: ['2001:db8::/32'], fromEntities: [world]}]"));
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_THAT(remarks[0].message, HasSubstr("combining fromCIDR and fromEntities is not supported"));
  EXPECT_EQ(remarks[0].policy.rule, "spec.ingress[0]");
  EXPECT_EQ(remarks[0].policy.origin.file, "policies.yaml");
  EXPECT_GT(remarks[0].policy.origin.line, 7U);
}

TEST(Rejected, IsAnEmptyIngressAlone) {
  EXPECT_THAT(remarks_of(ReasonId::kRejected, cnp("ingress: []")), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kRejected, cnp("ingress: [{}]")), IsEmpty());
}

TEST(Rejected, IsNotSaidTwiceOfWhatTheApiServerRefuses) {
  const std::string yaml = cnp("ingress: [{fromEntities: [internet]}]");
  EXPECT_THAT(remarks_of(ReasonId::kRejected, yaml), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRefused, yaml), SizeIs(1));
}

TEST(Uncomputable, IsWhatOnlyTheCloudKnows) {
  EXPECT_THAT(remarks_of(ReasonId::kUncomputable, cnp("ingress: [{fromGroups: [{aws: {region: x}}]}]")), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::lint::testing
