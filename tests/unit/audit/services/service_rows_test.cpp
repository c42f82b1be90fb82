#include "agent/audit/services/service_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::kKpr;
using test::ServiceScene;
using testing::HasSubstr;

ServiceScene opened_to_the_office() {
  return {
      test::pod("shop/db-0", "app: db", "fd00::5"),
      test::cnp("shop/db", "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromCIDR: ['2001:db8:100::/48']}]"),
      test::load_balancer("shop/db", "db")};
}

TEST(ServiceRows, SayDoorBackendSourceAndWhoMeantIt) {
  ServiceScene scene = opened_to_the_office();
  const auto exposures = exposures_of(scene.world, scene.look(kKpr).doors.at(0));
  ASSERT_EQ(exposures.size(), 1U);
  const Exposure& exposure = exposures[0];
  EXPECT_EQ(exposure.endpoint.ref.to_string(), "service/shop/db");
  EXPECT_EQ(exposure.endpoint.workload, "Service/db");
  EXPECT_EQ(exposure.endpoint.address, test::ip(test::kVip));
  EXPECT_EQ(exposure.first_port, 80);
  EXPECT_EQ(exposure.prefixes, std::vector{test::prefix("2001:db8:100::/48")});
  EXPECT_FALSE(exposure.world);
  EXPECT_THAT(exposure.reason,
              HasSubstr("by LoadBalancer [2001:db8:f::80]:80/TCP: to shop/db-0 8080 with the source kept"));
  ASSERT_TRUE(exposure.door);
  EXPECT_EQ(exposure.door->kind, "LoadBalancer");
  EXPECT_EQ(exposure.door->intended_by, "CiliumNetworkPolicy shop/db");
  EXPECT_EQ(exposure.door->backends.at(0).ref.name, "db-0");
}

TEST(ServiceRows, ShowWhatIsDeniedToo) {
  ServiceScene scene = opened_to_the_office();
  const auto rows = rows_of(scene.world, scene.look(kKpr).doors.at(0));
  ASSERT_EQ(rows.size(), 2U);
  const auto denied = std::ranges::find(rows, Verdict::kDeny, [](const EndpointRow& r) { return r.intended->verdict; });
  ASSERT_NE(denied, rows.end());
  EXPECT_EQ(denied->source->name, "world");
}

}  // namespace
}  // namespace sextant::audit
