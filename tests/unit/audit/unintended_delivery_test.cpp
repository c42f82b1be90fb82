// SXT001, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct UnintendedDelivery : Watch, ::testing::Test {
  UnintendedDelivery() { started(); }
  RowObservation db_row(Time first) const { return row(kDb, 5432, kWorld, Verdict::kDeny, first); }
  void deliver(std::uint64_t packets) { auditor->on_row(delivered(db_row(kStart), packets, now), now); }
};

TEST_F(UnintendedDelivery, OpensWithTheFirstPacketAndNamesThePolicy) {
  deliver(1);
  const auto changes = settle();
  ASSERT_THAT(changes, SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(changes[0].kind, FindingChange::Kind::kOpened);
  EXPECT_EQ(f.code, "SXT001");
  EXPECT_EQ(f.name, "UnintendedDelivery");
  EXPECT_EQ(f.severity, Severity::kCritical);
  EXPECT_EQ(f.node, "n1");
  EXPECT_EQ(f.message,
            "shop/db 5432/TCP received a packet from the internet that no policy allows (CiliumNetworkPolicy shop/db "
            "closes it)");
  EXPECT_EQ(f.endpoint.workload, "StatefulSet/db");
  EXPECT_EQ(f.endpoint.address, ip("2001:db8:1::5"));
  EXPECT_EQ(f.protocol, Protocol::kTcp);
  EXPECT_EQ(f.port, 5432);
  EXPECT_THAT(f.policies, ElementsAre(cnp("db")));
  EXPECT_EQ(f.count, 1u);
  EXPECT_EQ(f.openings, 1u);
  EXPECT_EQ(f.runbook, "https://sextant.dev/runbooks/SXT001.md");
}

TEST_F(UnintendedDelivery, SaysWhoSent) {
  deliver(1);
  settle();
  const SourceDetail source = *open().at(0).source;
  EXPECT_EQ(source.source_class, "world");
  EXPECT_THAT(source.prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(source.except, ElementsAre(prefix("2001:db8:1::/48"), prefix("2001:db8:100::/48")));
  EXPECT_EQ(source.sample, ip("2600:1::7"));
}

TEST_F(UnintendedDelivery, ListsIntendedObservedAndListening) {
  auditor->on_listeners({.taken = now, .listeners = {pod_listener(kDbUid, Protocol::kTcp, 5432, "postgres")}}, now);
  deliver(1);
  settle();
  const auto evidence = open().at(0).evidence;
  ASSERT_THAT(evidence, SizeIs(3));
  EXPECT_EQ(evidence[0], (Evidence{Witness::kIntended, Verdict::kDeny, "default deny"}));
  EXPECT_EQ(evidence[1], (Evidence{Witness::kObserved, Verdict::kAllow, "a packet from 2600:1::7 reached a socket"}));
  EXPECT_EQ(evidence[2], (Evidence{Witness::kListening, Verdict::kAllow, "postgres (pid 100) listens"}));
}

TEST_F(UnintendedDelivery, SaysThatTheListeningWitnessHasNotLooked) {
  start();
  auditor->on_intent(now);
  deliver(1);
  settle();
  EXPECT_EQ(open().at(0).evidence.at(2).verdict, std::nullopt);
}

TEST_F(UnintendedDelivery, NamesTheRuleThatDenies) {
  set(kDb, everything(Verdict::kDeny, Because::kDenyRule, {cnp("no-db"), cnp("no-shop")}), {cnp("no-db")});
  start();
  auditor->on_intent(now);
  deliver(1);
  settle();
  EXPECT_EQ(open().at(0).message,
            "shop/db 5432/TCP received a packet from the internet that CiliumNetworkPolicy shop/no-db and 1 more deny");
}

TEST_F(UnintendedDelivery, IsNotDefaultAllow) {
  set(kDb, open_by_default());
  auditor->on_intent(now);
  auditor->on_row(delivered(row(kDb, 5432, kWorld, Verdict::kAllow, now), 3, now), now);
  settle();
  EXPECT_THAT(open("SXT001"), IsEmpty());
}

TEST_F(UnintendedDelivery, IsNotJudgedWhereTheIntentIsUnknown) {
  auditor->on_row(delivered(row(kDb, 5432, kWorld, Verdict::kUnknown, now), 3, now), now);
  settle();
  set(kDb, everything(Verdict::kUnknown, Because::kUnknown), {cnp("db")});
  auditor->on_intent(now);
  now += hours(1);
  deliver(4);
  settle();
  EXPECT_THAT(open("SXT001"), IsEmpty());
}

TEST_F(UnintendedDelivery, IsAboutPublicSourcesOnly) {
  auditor->on_row(delivered(row(kDb, 5432, kPeer, Verdict::kDeny, now), 3, now), now);
  settle();
  EXPECT_THAT(open("SXT001"), IsEmpty());
}

TEST_F(UnintendedDelivery, CountsPacketsOnceFromPicturesAndEvents) {
  deliver(2);
  settle();
  now += seconds(1);
  auditor->on_rows({delivered(db_row(kStart), 5, now)}, now);
  auditor->on_row(delivered(db_row(kStart), 4, now - milliseconds(1)), now);  // an event older than the picture
  settle();
  EXPECT_EQ(open().at(0).count, 5u);
}

TEST_F(UnintendedDelivery, CountsOnWhenTheKernelForgetsTheRow) {
  deliver(5);
  settle();
  now += minutes(1);
  auditor->on_rows({}, now);
  settle();
  auditor->on_rows({delivered(db_row(now), 2, now)}, now);
  settle();
  EXPECT_EQ(open().at(0).count, 7u);
}

TEST_F(UnintendedDelivery, ResolvesWhenALaterPacketIsDropped) {
  deliver(1);
  settle();
  now += seconds(1);
  auditor->on_rows({dropped(delivered(db_row(kStart), 1, kStart), 1, now)}, now);
  const auto changes = settle();
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "a later packet was dropped, as intended (NETFILTER_DROP)");
  EXPECT_EQ(changes[0].finding.state, FindingState::kResolved);
  EXPECT_EQ(changes[0].finding.resolved_at, now);
}

TEST_F(UnintendedDelivery, IsNotResolvedByAPacketThatFoundNoSocket) {
  deliver(1);
  settle();
  now += seconds(1);
  auditor->on_rows({dropped(delivered(db_row(kStart), 1, kStart), 1, now, "NO_SOCKET")}, now);
  EXPECT_THAT(resolved(settle()), IsEmpty());
}

TEST_F(UnintendedDelivery, CannotBeEndedByItsSender) {
  deliver(1);
  settle();
  std::uint64_t packets = 0;
  for (const char* reason : {"TCP_LISTEN_OVERFLOW", "TCP_CSUM", "NOT_SPECIFIED", "SOCKET_RCVBUFF"}) {
    now += seconds(1);
    auditor->on_rows({dropped(delivered(db_row(kStart), 1, kStart), ++packets, now, reason)}, now);
    EXPECT_THAT(resolved(settle()), IsEmpty()) << reason;
  }
}

TEST_F(UnintendedDelivery, IsNotMissedWhenTheNextPacketWasDropped) {
  now += seconds(2);
  auditor->on_rows({dropped(delivered(db_row(kStart), 1, now - seconds(1)), 1, now)}, now);
  const auto changes = settle();
  EXPECT_THAT(opened(changes), SizeIs(1));
  EXPECT_THAT(resolved(changes), SizeIs(1));
}

TEST_F(UnintendedDelivery, AFlappingRowIsCalmedInsteadOfAlertedEachSecond) {
  std::uint64_t n = 0;
  std::size_t alerts = 0;
  for (int second = 0; second < 300; ++second) {
    now += seconds(1);
    ++n;
    auditor->on_rows({dropped(delivered(db_row(kStart), n, now - milliseconds(500)), n, now)}, now);
    alerts += opened(settle()).size();
  }
  EXPECT_LE(alerts, 2u);
  EXPECT_EQ(open().at(0).count, 300u);
}

TEST_F(UnintendedDelivery, ResolvesWhenThePolicyAllowsIt) {
  deliver(1);
  settle();
  set(kDb, only_tcp(5432, cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "CiliumNetworkPolicy shop/db allows it now");
}

TEST_F(UnintendedDelivery, ResolvesWhenTheSenderIsAllowedByAPolicyThatCutsTheClassesAnew) {
  deliver(1);
  settle();
  classes[10] = source_class(10, "world", {prefix("2000::/3")}, {prefix("2600:1::/32")}, "2000::1");
  classes[11] = source_class(11, "2600:1::/32", {prefix("2600:1::/32")}, {}, "2600:1::1");
  current = {10, 11};
  set(kDb, {{10, closed(cnp("db"))}, {11, only_tcp(5432, cnp("db"))}}, {cnp("db")});
  auditor->on_intent(now);
  EXPECT_THAT(resolved(after(seconds(1))), SizeIs(1));
}

TEST_F(UnintendedDelivery, StaysOpenWhenTheClassesAreCutAnewAndTheSenderIsStillDenied) {
  deliver(1);
  settle();
  const std::string id = open().at(0).id;
  classes[10] = source_class(10, "world", {prefix("2000::/3")}, {}, "2000::1");
  current = {10};
  set(kDb, {{10, closed(cnp("db"))}}, {cnp("db")});
  auditor->on_intent(now);
  now += seconds(30);
  RowObservation anew = delivered(row(kDb, 5432, 10, Verdict::kDeny, now), 1, now);
  auditor->on_rows({delivered(db_row(kStart), 1, kStart), anew}, now);
  EXPECT_THAT(opened(settle()), IsEmpty());
  EXPECT_EQ(open().at(0).id, id);
  EXPECT_EQ(open().at(0).count, 2u);
}

TEST_F(UnintendedDelivery, IsTheSameFindingWhenAPolicyNamesTheWholeInternet) {
  deliver(1);
  settle();
  const std::string id = open().at(0).id;
  classes[10] = source_class(10, "::/0", {prefix("2000::/3")}, {}, "2000::1");
  current = {10};
  set(kDb, {{10, closed(cnp("db"))}}, {cnp("db")});
  auditor->on_intent(now);
  now += seconds(1);
  auditor->on_row(delivered(row(kDb, 5432, 10, Verdict::kDeny, now), 1, now), now);
  EXPECT_THAT(opened(settle()), IsEmpty());
  EXPECT_EQ(open().at(0).id, id);
  EXPECT_EQ(open().at(0).count, 2u);
}

TEST_F(UnintendedDelivery, ResolvesWhenTheEndpointIsGone) {
  deliver(1);
  settle();
  remove_pod("db");
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "shop/db is gone from this node");
}

TEST_F(UnintendedDelivery, LapsesWhenQuietAndNotASecondBefore) {
  deliver(1);
  settle();
  EXPECT_THAT(resolved(after(config.quiet - seconds(1))), IsEmpty());
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "quiet for 10m");
}

TEST_F(UnintendedDelivery, IsHeldBackWhileTheNetworkFollowsAChangedPolicy) {
  set(kDb, only_tcp(5432, cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  settle();
  now += minutes(1);
  set(kDb, closed(cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  const Time changed = now;

  now = changed + config.settle - milliseconds(1);
  deliver(7);
  EXPECT_THAT(opened(settle()), IsEmpty());
  EXPECT_THAT(opened(after(minutes(1))), IsEmpty()) << "packets that were excused stay excused";
  deliver(8);
  settle();
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open().at(0).count, 1u) << "only packets after that count";
}

TEST_F(UnintendedDelivery, CountsAgainstAChangedPolicyExactlyWhenItIsSettled) {
  set(kDb, only_tcp(5432, cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  set(kDb, closed(cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  now += config.settle;
  deliver(1);
  EXPECT_THAT(opened(settle()), SizeIs(1));
}

TEST_F(UnintendedDelivery, IsNotHeldBackByAChangeOfAnotherPort) {
  set(kDb, only_tcp(80, cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  deliver(1);
  EXPECT_THAT(opened(settle()), SizeIs(1));
}

TEST_F(UnintendedDelivery, AnEndpointSeenForTheFirstTimeIsNoChange) {
  add_pod("new", "", "2001:db8:1::7");
  set(pod_ref("shop", "new"), closed(cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  auditor->on_row(delivered(row(pod_ref("shop", "new"), 80, kWorld, Verdict::kDeny, now), 1, now), now);
  EXPECT_THAT(opened(settle()), SizeIs(1));
}

TEST_F(UnintendedDelivery, WaitsForThePoliciesToBeRead) {
  start();
  deliver(1);
  EXPECT_THAT(settle(), IsEmpty());
  auditor->on_intent(now);
  EXPECT_THAT(opened(settle()), SizeIs(1));
}

TEST_F(UnintendedDelivery, ReopensOnlyWithANewPacket) {
  deliver(1);
  settle();
  auto intent = intents[kDb];
  remove_pod("db");
  auditor->on_intent(now);
  after(seconds(1));
  add_pod("db", kDbUid, "2001:db8:1::5");
  intents[kDb] = intent;
  auditor->on_intent(now);
  EXPECT_THAT(opened(after(seconds(1))), IsEmpty());
  deliver(2);
  const auto changes = settle();
  ASSERT_THAT(opened(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.openings, 2u);
  EXPECT_EQ(changes[0].finding.count, 2u);
}

}  // namespace
}  // namespace sextant::audit::testing
