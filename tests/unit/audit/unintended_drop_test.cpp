// SXT009, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct UnintendedDrop : Watch, ::testing::Test {
  UnintendedDrop() { started(); }
  RowObservation web_row() const { return row(kWeb, 443, kWorld, Verdict::kAllow, kStart); }
  void drop(std::uint64_t packets, const std::string& reason = "NETFILTER_DROP") {
    auditor->on_row(dropped(web_row(), packets, now, reason), now);
  }
};

TEST_F(UnintendedDrop, OpensWithTheKernelsReasonAndThePolicy) {
  drop(1);
  const auto changes = settle();
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT009");
  EXPECT_EQ(f.severity, Severity::kWarning);
  EXPECT_EQ(f.message,
            "shop/web 443/TCP did not get a packet from the internet that CiliumNetworkPolicy shop/web allows: "
            "the kernel dropped it (NETFILTER_DROP)");
  EXPECT_EQ(f.evidence.at(0).verdict, Verdict::kAllow);
  EXPECT_EQ(f.evidence.at(1),
            (Evidence{Witness::kObserved, Verdict::kDeny, "a packet from 2600:1::7 was dropped: NETFILTER_DROP"}));
  EXPECT_THAT(f.policies, ElementsAre(cnp("web")));
}

TEST_F(UnintendedDrop, ADropOfWhatIsAllowedByDefaultIsNoIntent) {
  set(kWeb, open_by_default());
  start();
  auditor->on_intent(now);
  drop(1);
  settle();
  EXPECT_THAT(open("SXT009"), IsEmpty());
}

TEST_F(UnintendedDrop, RedirectCountsAsAllowed) {
  set(kWeb, everything(Verdict::kRedirect, Because::kRule, {cnp("web")}), {cnp("web")});
  start();
  auditor->on_intent(now);
  auditor->on_row(dropped(row(kWeb, 443, kWorld, Verdict::kRedirect, now), 1, now), now);
  EXPECT_THAT(opened(settle()), SizeIs(1));
}

TEST_F(UnintendedDrop, AClosedPortIsNoDrop) {
  drop(1, "NO_SOCKET");
  EXPECT_THAT(settle(), IsEmpty());
  drop(2, "SKB_DROP_REASON_NO_SOCKET");
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(UnintendedDrop, ABrokenPacketIsNobodysFault) {
  for (const char* reason : {"TCP_CSUM", "UDP_CSUM", "HDR_TRUNC", "SKB_DROP_REASON_IP_INHDR"}) {
    now += seconds(1);
    drop(static_cast<std::uint64_t>((now - kStart) / seconds(1)), reason);
    EXPECT_THAT(settle(), IsEmpty()) << reason;
  }
}

TEST_F(UnintendedDrop, AnOverloadedProcessIsOne) {
  drop(1, "TCP_LISTEN_OVERFLOW");
  EXPECT_THAT(opened(settle()), SizeIs(1));
}

TEST_F(UnintendedDrop, ADropForNoReasonGivenIsNone) {
  drop(1, "NOT_SPECIFIED");
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(UnintendedDrop, TheNewestFactWins) {
  now += seconds(2);
  auditor->on_row(delivered(dropped(web_row(), 1, now - seconds(1)), 1, now), now);
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(UnintendedDrop, ResolvesWhenALaterPacketIsDelivered) {
  drop(1);
  settle();
  now += seconds(1);
  auditor->on_row(delivered(dropped(web_row(), 1, kStart), 1, now), now);
  const auto changes = settle();
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "a later packet was delivered, as intended");
}

TEST_F(UnintendedDrop, ResolvesWhenALaterPacketGetsAsFarAsAClosedPort) {
  drop(1);
  settle();
  now += seconds(1);
  drop(2, "NO_SOCKET");
  EXPECT_THAT(resolved(settle()), SizeIs(1));
}

TEST_F(UnintendedDrop, ResolvesWhenThePolicyDeniesIt) {
  drop(1);
  settle();
  set(kWeb, closed(cnp("web")), {cnp("web")});
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "it is denied by intent now: default deny");
}

TEST_F(UnintendedDrop, ResolvesWhenNoRuleNamesItAnyMore) {
  drop(1);
  settle();
  set(kWeb, open_by_default());
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "no rule allows it any more: default allow");
}

TEST_F(UnintendedDrop, IsHeldBackWhileTheNetworkFollowsAChangedPolicy) {
  set(kDb, only_tcp(5432, cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  const auto late = [&](std::uint64_t packets) {
    auditor->on_row(dropped(row(kDb, 5432, kWorld, Verdict::kAllow, kStart), packets, now), now);
  };
  now += config.settle - seconds(1);
  late(3);
  EXPECT_THAT(opened(settle()), IsEmpty());
  now += seconds(1);
  late(4);
  EXPECT_THAT(opened(settle()), SizeIs(1));
  EXPECT_EQ(open("SXT009").at(0).count, 1u);
}

TEST_F(UnintendedDrop, AlsoSeesSourcesThatAreNotPublic) {
  set(kWeb, {{kWorld, closed(cnp("web"))}, {kPeer, only_tcp(443, cnp("web"))}}, {cnp("web")});
  start();
  auditor->on_intent(now);
  auditor->on_row(dropped(row(kWeb, 443, kPeer, Verdict::kAllow, now), 1, now), now);
  const auto changes = settle();
  ASSERT_THAT(opened(changes), SizeIs(1));
  EXPECT_THAT(changes[0].finding.message, ::testing::HasSubstr("a packet from pod:app=web"));
}

TEST_F(UnintendedDrop, LapsesWhenQuiet) {
  drop(1);
  settle();
  EXPECT_THAT(resolved(after(config.quiet)), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::testing
