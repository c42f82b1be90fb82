#include "agent/audit/services/source_ranges.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::kKpr;
using test::kKubeProxy;
using test::prefix;
using test::ServiceScene;

SourceRanges ranges(std::string_view list, const Forwarding& forwarding, DoorKind kind = DoorKind::kLoadBalancer,
                    std::string_view annotations = "") {
  const ServiceScene scene{test::service(
      "shop/web",
      "type: LoadBalancer, ports: [{port: 80, nodePort: 30080}], loadBalancerSourceRanges: [" + std::string(list) + "]",
      "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}", "annotations: {" + std::string(annotations) + "}")};
  for (const Door& door : public_doors(scene.world, forwarding, {"n1"}, false)) {
    if (door.kind == kind) return source_ranges_of(door, forwarding);
  }
  return {};
}

constexpr const char* kOffice = "'2001:db8:100::/48'";

TEST(SourceRanges, BindTheLoadBalancersAddressAlone) {
  for (const Forwarding& forwarding : {kKpr, kKubeProxy}) {
    EXPECT_EQ(ranges(kOffice, forwarding).outside, Passes::kNo);
    EXPECT_EQ(ranges(kOffice, forwarding).inside, Passes::kYes);
    EXPECT_TRUE(ranges(kOffice, forwarding).is_intent());
    EXPECT_EQ(ranges(kOffice, forwarding, DoorKind::kNodePort).outside, Passes::kYes);
  }
  Forwarding all = kKpr;
  all.ranges_for_all_types = true;
  EXPECT_EQ(ranges(kOffice, all, DoorKind::kNodePort).outside, Passes::kNo);
  all.ranges_for_all_types.reset();
  EXPECT_EQ(ranges(kOffice, all, DoorKind::kNodePort).outside, Passes::kPerhaps);
}

// Cilium shuts the door to every IPv6 client, kube-proxy opens it to all.
TEST(SourceRanges, OfAnotherFamilyAreReadDifferently) {
  EXPECT_EQ(ranges("192.0.2.0/24", kKpr).outside, Passes::kNo);
  EXPECT_EQ(ranges("192.0.2.0/24", kKubeProxy).outside, Passes::kYes);
  EXPECT_EQ(ranges("192.0.2.0/24", {}).outside, Passes::kPerhaps);
}

TEST(SourceRanges, AreTurnedRoundByCiliumsAnnotation) {
  const char* deny = "service.cilium.io/src-ranges-policy: deny";
  EXPECT_EQ(ranges(kOffice, kKpr, DoorKind::kLoadBalancer, deny).inside, Passes::kNo);
  EXPECT_EQ(ranges(kOffice, kKpr, DoorKind::kLoadBalancer, deny).outside, Passes::kYes);
  EXPECT_EQ(ranges(kOffice, kKubeProxy, DoorKind::kLoadBalancer, deny).inside, Passes::kYes);
}

TEST(SourceRanges, ThatNameEverybodyAreNoIntent) {
  EXPECT_FALSE(ranges("'::/0'", kKpr).is_intent());
  EXPECT_FALSE(SourceRanges{}.is_intent());
}

TEST(SourceRanges, SplitAClassExactly) {
  const auto world = std::make_shared<const SourceClass>(SourceClass{.id = 1,
                                                                     .name = "world",
                                                                     .is_public = true,
                                                                     .prefixes = {kGlobalUnicast},
                                                                     .except = {prefix("2001:db8:100:1::/64")},
                                                                     .sample = test::ip("2600:1::7")});
  const auto [inside, outside] = split(world, {prefix("2001:db8:100::/48"), prefix("fd00::/8")});
  ASSERT_TRUE(inside && outside);
  EXPECT_EQ(inside->prefixes, std::vector{prefix("2001:db8:100::/48")});
  EXPECT_EQ(inside->except, std::vector{prefix("2001:db8:100:1::/64")});
  EXPECT_TRUE(prefix("2001:db8:100::/48").contains(inside->sample));
  EXPECT_FALSE(inside->except[0].contains(inside->sample));
  EXPECT_EQ(outside->except, std::vector{prefix("2001:db8:100::/48")});
  EXPECT_EQ(outside->sample, world->sample);
  EXPECT_EQ(split(world, {prefix("fd00::/8")}).first, nullptr);
  EXPECT_EQ(split(world, {kAllV6}).second, nullptr);
}

}  // namespace
}  // namespace sextant::audit
