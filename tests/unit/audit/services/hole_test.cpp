#include "agent/audit/services/hole.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::kKpr;
using test::ServiceScene;

ServiceScene two_doors(std::string_view more = "", std::string_view meta = "") {
  ServiceScene scene{test::pod("shop/web-0", "app: web", "fd00::5"),
                     test::service("shop/web",
                                   "type: LoadBalancer, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]" +
                                       std::string(more),
                                   "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}", meta)};
  scene.look(kKpr);
  return scene;
}

TEST(Hole, IsOneHoweverManyDoorsLeadToThePort) {
  const ServiceScene scene = two_doors();
  const auto holes = holes_of(scene.doors);
  ASSERT_EQ(holes.size(), 1U);
  ASSERT_EQ(holes[0].size(), 2U);
  EXPECT_EQ(holes[0][0].door->door.kind, DoorKind::kLoadBalancer) << "people know it by this";
  EXPECT_EQ(pods_behind(holes).at({.ns = "shop", .name = "web-0"}), "service/shop/web");
}

TEST(Hole, IsNoneWhereSomebodyMeantIt) {
  EXPECT_TRUE(holes_of(two_doors("", "annotations: {sextant.dev/public: '80'}").doors).empty());
}

TEST(Hole, IsTheNodePortWhereSourceRangesBindTheOtherDoorAlone) {
  const ServiceScene scene = two_doors(", loadBalancerSourceRanges: ['2001:db8:100::/48']");
  const auto holes = holes_of(scene.doors);
  ASSERT_EQ(holes.size(), 1U);
  ASSERT_EQ(holes[0].size(), 1U);
  EXPECT_EQ(holes[0][0].door->door.kind, DoorKind::kNodePort);
}

}  // namespace
}  // namespace sextant::audit
