#include "agent/audit/exposure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct ExposureTest : Watch, ::testing::Test {
  std::vector<Exposure> of(const EndpointRef& endpoint) {
    return exposures_of(*intents.at(endpoint), {.ref = endpoint});
  }
};

TEST_F(ExposureTest, OfAClosedEndpointIsNone) { EXPECT_THAT(of(kDb), IsEmpty()); }

TEST_F(ExposureTest, NamesPortSourcesAndReason) {
  const auto exposures = of(kWeb);
  ASSERT_THAT(exposures, SizeIs(1));
  const Exposure& e = exposures[0];
  EXPECT_EQ(e.endpoint.ref, kWeb);
  EXPECT_EQ(e.protocol, Protocol::kTcp);
  EXPECT_EQ(e.first_port, 443);
  EXPECT_EQ(e.last_port, 443);
  EXPECT_EQ(e.verdict, Verdict::kAllow);
  EXPECT_EQ(e.because, Because::kRule);
  EXPECT_TRUE(e.world);
  EXPECT_THAT(e.prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(e.except, ElementsAre(prefix("2001:db8:1::/48")));
  EXPECT_THAT(e.policies, ElementsAre(cnp("web")));
  EXPECT_EQ(e.reason, "rule");
  EXPECT_EQ(e.listening, std::nullopt);
}

TEST_F(ExposureTest, LeavesOutSourcesThatAreNotPublic) {
  set(kWeb, {{kWorld, closed(cnp("web"))}, {kPeer, open_by_default()}}, {cnp("web")});
  EXPECT_THAT(of(kWeb), IsEmpty());
}

TEST_F(ExposureTest, TellsSourcesOfDifferentReachApart) {
  set(kWeb, {{kWorld, closed(cnp("web"))}, {kOffice, only_tcp(443, cnp("web"))}}, {cnp("web")});
  const auto exposures = of(kWeb);
  ASSERT_THAT(exposures, SizeIs(1));
  EXPECT_FALSE(exposures[0].world);
  EXPECT_THAT(exposures[0].prefixes, ElementsAre(prefix("2001:db8:100::/48")));
}

TEST_F(ExposureTest, UnknownCouldBeReachable) {
  set(kWeb, everything(Verdict::kUnknown, Because::kUnknown), {cnp("web")});
  const auto exposures = of(kWeb);
  ASSERT_THAT(exposures, SizeIs(5));
  EXPECT_EQ(exposures[0].verdict, Verdict::kUnknown);
}

TEST_F(ExposureTest, IsOneLineForPortsThatNothingTellsApart) {
  auto cells = everything(Verdict::kDeny, Because::kDefaultDeny, {cnp("web")});
  const auto tcp = std::ranges::find(cells, Protocol::kTcp, &IntentCell::protocol);
  *tcp = cell(Protocol::kTcp, 0, 99, Verdict::kAllow, Because::kRule, {cnp("web")});
  cells.insert(std::next(tcp), cell(Protocol::kTcp, 100, 65535, Verdict::kAllow, Because::kRule, {cnp("web")}));
  set(kWeb, {{kWorld, cells}, {kOffice, everything(Verdict::kAllow, Because::kRule, {cnp("web")})}}, {cnp("web")});
  const auto exposures = of(kWeb);
  const auto tcp_lines = std::ranges::count(exposures, Protocol::kTcp, &Exposure::protocol);
  EXPECT_EQ(tcp_lines, 1);
  EXPECT_EQ(exposures[0].last_port, 65535);
}

TEST_F(ExposureTest, IsSortedByProtocolAndPortWithEveryOtherProtocolLast) {
  set(kWeb, open_by_default());
  std::vector<Protocol> order;
  for (const Exposure& e : of(kWeb)) order.push_back(e.protocol);
  EXPECT_THAT(order, ElementsAre(Protocol::kTcp, Protocol::kUdp, Protocol::kIcmpv6, Protocol::kSctp, Protocol::kAny));
}

TEST_F(ExposureTest, ShowsAProtocolThatOnlyOneClassIsAllowed) {
  auto cells = closed(cnp("web"));
  cells.insert(std::ranges::find(cells, Protocol::kIcmpv6, &IntentCell::protocol),
               cell(Protocol::kGre, 0, 65535, Verdict::kAllow, Because::kRule, {cnp("web")}));
  set(kWeb, {{kWorld, closed(cnp("web"))}, {kOffice, cells}}, {cnp("web")});
  const auto exposures = of(kWeb);
  ASSERT_THAT(exposures, SizeIs(1));
  EXPECT_EQ(exposures[0].protocol, Protocol::kGre);
  EXPECT_THAT(exposures[0].prefixes, ElementsAre(prefix("2001:db8:100::/48")));
}

TEST_F(ExposureTest, AgreesWithTheIntentForEveryClassAndPortEdge) {
  set(kWeb, {{kWorld, only_tcp(443, cnp("web"))}, {kOffice, only_tcp(22, cnp("web"))}}, {cnp("web")});
  const auto exposures = of(kWeb);
  for (const ClassId id : {kWorld, kOffice}) {
    for (const std::uint16_t port : {0, 21, 22, 23, 442, 443, 444, 65535}) {
      const bool open = std::ranges::any_of(exposures, [&](const Exposure& e) {
        const auto in = [&](const Prefix& p) { return p.contains(classes[id]->sample); };
        return e.protocol == Protocol::kTcp && e.first_port <= port && port <= e.last_port &&
               std::ranges::any_of(e.prefixes, in) && std::ranges::none_of(e.except, in);
      });
      EXPECT_EQ(open, reachable(intents[kWeb]->row(id)->cell(Protocol::kTcp, port).verdict)) << id << " " << port;
    }
  }
}

TEST_F(ExposureTest, OfTheNodeIsCutAtWhatListens) {
  start();
  auditor->on_intent(now);
  auditor->on_listeners({.taken = now, .listeners = {host_listener(Protocol::kTcp, 22, "sshd")}}, now);
  const auto exposures = auditor->exposures();
  ASSERT_GE(exposures.size(), 3u);
  EXPECT_EQ(exposures[0].endpoint.ref, kWeb);
  std::vector<Exposure> node;
  std::ranges::copy_if(exposures, std::back_inserter(node),
                       [](const Exposure& e) { return e.endpoint.ref == node_ref() && e.protocol == Protocol::kTcp; });
  ASSERT_THAT(node, SizeIs(3));
  EXPECT_EQ(node[0].last_port, 21);
  EXPECT_EQ(node[0].listening->verdict, Verdict::kDeny);
  EXPECT_EQ(node[1].first_port, 22);
  EXPECT_EQ(node[1].listening->process, "sshd");
  EXPECT_EQ(node[2].first_port, 23);
  EXPECT_EQ(node[2].last_port, 65535);
}

TEST(WithListeners, CutsAtTheEdgesOfARange) {
  const Exposure whole{.protocol = Protocol::kTcp, .first_port = 0, .last_port = 65535};
  const PortViews edges{{{Protocol::kTcp, 0}, {}}, {{Protocol::kTcp, 65535}, {}}, {{Protocol::kUdp, 7}, {}}};
  const auto split = with_listeners({whole}, &edges);
  ASSERT_THAT(split, SizeIs(3));
  EXPECT_EQ(split[1].first_port, 1);
  EXPECT_EQ(split[1].last_port, 65534);
  EXPECT_THAT(with_listeners({whole}, nullptr), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::testing
