#include "agent/audit/services/door_explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::ip;
using test::kKpr;
using test::kKubeProxy;
using test::ServiceScene;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kHere = test::pod("shop/db-0", "app: db", "fd00::5");
const std::string kThere = test::pod("shop/db-1", "app: db", "fd00::6", "n2");
const std::string kForCluster = test::cnp("shop/db", test::kAllowNodes);
constexpr const char* kStranger = "2600:1::7";

// Of the first door, entered at n1.
std::optional<DoorExplanation> explained(const ServiceScene& scene, const Forwarding& forwarding,
                                         std::string_view client = kStranger) {
  const policy::Engine engine(scene.world, scene.options);
  const Lookups lookups = lookups_of(engine);
  const ServiceGround ground{.world = scene.world, .lookups = lookups, .forwarding = forwarding, .entry_nodes = {"n1"}};
  const Deciding traced = [&engine](const policy::Subject& to, const policy::Peer& from, Protocol protocol,
                                    std::uint16_t port) { return engine.decide(to, from, protocol, port, true); };
  return explain_door(ground, public_doors(scene.world, forwarding, {"n1"}, false).at(0), ip(client), traced);
}

TEST(DoorExplanation, TellsOfEachBackendWhichSourceItSeesAndByWhichRule) {
  const auto told = explained({kHere, kThere, kForCluster, test::node_port("shop/db", "db")}, kKpr);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->name, "NodePort [2001:db8::1]:30080/TCP");
  EXPECT_EQ(told->endpoint.ref.to_string(), "service/shop/db");
  EXPECT_EQ(told->verdict, Verdict::kAllow);
  EXPECT_EQ(told->intended_by, "") << "no rule names the internet";
  EXPECT_EQ(told->source_class, "world");
  ASSERT_THAT(told->backends, SizeIs(2));

  const BackendExplanation& there = told->backends[0];
  EXPECT_EQ(there.name, "shop/db-1 8080") << "the most open one first";
  EXPECT_EQ(there.entry_node, "n1");
  EXPECT_EQ(there.view.source, "translated");
  ASSERT_THAT(there.seen, SizeIs(1));
  EXPECT_EQ(there.seen[0].who, "node/n1");
  ASSERT_FALSE(there.seen[0].decision.trace.empty());
  EXPECT_TRUE(there.seen[0].decision.trace[0].matched);

  const BackendExplanation& here = told->backends[1];
  EXPECT_EQ(here.view.verdict, Verdict::kDeny);
  EXPECT_EQ(here.view.source, "kept");
  ASSERT_THAT(here.seen, SizeIs(1));
  EXPECT_EQ(here.seen[0].who, kStranger);
  EXPECT_EQ(here.seen[0].decision.verdict, Verdict::kDeny);
  EXPECT_FALSE(here.seen[0].decision.trace.at(0).matched);
}

TEST(DoorExplanation, TellsOfBothWhereItIsNotKnownWhichIsSeen) {
  Forwarding unknown_mode = kKpr;
  unknown_mode.lb_mode.reset();
  const auto told = explained({kThere, kForCluster, test::node_port("shop/db", "db")}, unknown_mode);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->verdict, Verdict::kUnknown);
  ASSERT_THAT(told->backends, SizeIs(1));
  EXPECT_EQ(told->backends[0].view.source, "kept or translated");
  ASSERT_THAT(told->backends[0].seen, SizeIs(2));
  EXPECT_EQ(told->backends[0].seen[0].decision.verdict, Verdict::kDeny);
  EXPECT_EQ(told->backends[0].seen[1].decision.verdict, Verdict::kAllow);
}

TEST(DoorExplanation, BehindATunnelTheWorldIsSeen) {
  Forwarding tunnel = kKpr;
  tunnel.tunnel = true;
  const auto told = explained({kThere, kForCluster, test::node_port("shop/db", "db")}, tunnel);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->backends.at(0).seen.at(0).who, "the world");
  EXPECT_EQ(told->verdict, Verdict::kDeny);
}

TEST(DoorExplanation, SaysWhoMeantItAndWhomSourceRangesKeepOut) {
  const ServiceScene scene{kHere,
                           test::load_balancer("shop/db", "db", "loadBalancerSourceRanges: ['2001:db8:100::/48']")};
  const auto office = explained(scene, kKpr, "2001:db8:100::7");
  ASSERT_TRUE(office);
  EXPECT_EQ(office->verdict, Verdict::kAllow);
  EXPECT_EQ(office->intended_by, "loadBalancerSourceRanges");
  const auto stranger = explained(scene, kKpr);
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->verdict, Verdict::kDeny);
  EXPECT_THAT(stranger->why, HasSubstr("loadBalancerSourceRanges"));
  EXPECT_THAT(stranger->backends, SizeIs(0)) << "it comes to none";
}

TEST(DoorExplanation, IsForClientsOfTheInternet) {
  const ServiceScene scene{kHere, test::load_balancer("shop/db", "db")};
  EXPECT_FALSE(explained(scene, kKpr, "fd00::5"));
  EXPECT_FALSE(explained(scene, kKubeProxy, "2001:db8::2")) << "a node";
}

}  // namespace
}  // namespace sextant::audit
