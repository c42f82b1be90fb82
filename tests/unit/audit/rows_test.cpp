#include "agent/audit/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct RowsTest : Watch, ::testing::Test {
  RowsTest() {
    start();
    auditor->on_intent(now);
  }
  std::vector<EndpointRow> of(const EndpointRef& endpoint, Protocol protocol = Protocol::kTcp,
                              const std::string& source = "world") {
    std::vector<EndpointRow> found;
    for (EndpointRow& r : auditor->rows()) {
      if (r.endpoint.ref == endpoint && r.protocol == protocol && r.source->name == source)
        found.push_back(std::move(r));
    }
    return found;
  }
  static std::vector<std::pair<int, int>> ranges(const std::vector<EndpointRow>& rows) {
    std::vector<std::pair<int, int>> found;
    for (const EndpointRow& r : rows) found.emplace_back(r.port, r.end_port);
    return found;
  }
};

TEST_F(RowsTest, OfAClosedPodAreOnePerProtocolAndClass) {
  for (const auto protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6, Protocol::kAny}) {
    const auto rows = of(kDb, protocol);
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].intended->verdict, Verdict::kDeny);
    EXPECT_THAT(rows[0].intended->policies, ElementsAre(cnp("db")));
    EXPECT_EQ(rows[0].listening, std::nullopt) << "nobody has looked";
    EXPECT_EQ(rows[0].observed, std::nullopt);
  }
}

TEST_F(RowsTest, OfClassesThatNothingTellsFromTheInternetAreItsRow) {
  EXPECT_THAT(of(kDb, Protocol::kTcp, "2001:db8:100::/48"), IsEmpty());
  const auto rows = of(kDb);
  EXPECT_THAT(rows.at(0).source->prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(rows.at(0).source->except, ElementsAre(prefix("2001:db8:1::/48")));
}

TEST_F(RowsTest, OfAClassThatIsTreatedOtherwiseAreItsOwn) {
  set(kDb, {{kWorld, closed(cnp("db"))}, {kOffice, only_tcp(5432, cnp("db"))}}, {cnp("db")});
  auditor->on_intent(now);
  EXPECT_THAT(of(kDb), SizeIs(1));
  EXPECT_THAT(of(kDb).at(0).source->except, SizeIs(2));
  EXPECT_THAT(of(kDb, Protocol::kTcp, "2001:db8:100::/48"), SizeIs(3));
}

TEST_F(RowsTest, OfAClassThatWasSeenAreItsOwn) {
  auditor->on_row(dropped(row(kDb, 22, kOffice, Verdict::kDeny, now), 1, now), now);
  EXPECT_THAT(ranges(of(kDb)), ElementsAre(std::pair(0, 65535)));
  EXPECT_THAT(of(kDb, Protocol::kTcp, "2001:db8:100::/48"), SizeIs(3));
}

TEST_F(RowsTest, SayThatNothingListensOnlyWhenSomebodyLooked) {
  auditor->on_listeners({.taken = now}, now);
  EXPECT_EQ(of(kDb).at(0).listening->verdict, Verdict::kDeny);
  EXPECT_EQ(of(kDb, Protocol::kIcmpv6).at(0).listening, std::nullopt) << "there are no ports";
}

TEST_F(RowsTest, DoNotGuessWhatListensInAPodWithoutUid) {
  add_pod("manual", "", "2001:db8:1::8");
  set(pod_ref("shop", "manual"), closed(cnp("db")), {cnp("db")});
  auditor->on_intent(now);
  auditor->on_listeners({.taken = now}, now);
  EXPECT_EQ(of(pod_ref("shop", "manual")).at(0).listening, std::nullopt);
}

TEST_F(RowsTest, AreCutAtListeningAndObservedPorts) {
  auditor->on_listeners({.taken = now, .listeners = {pod_listener(kDbUid, Protocol::kTcp, 5432, "postgres")}}, now);
  auditor->on_row(dropped(row(kDb, 22, kWorld, Verdict::kDeny, now), 12, now), now);
  const auto rows = of(kDb);
  EXPECT_THAT(ranges(rows), ElementsAre(std::pair(0, 21), std::pair(22, 22), std::pair(23, 5431), std::pair(5432, 5432),
                                        std::pair(5433, 65535)));
  EXPECT_EQ(rows[1].observed->verdict, Verdict::kDeny);
  EXPECT_EQ(rows[1].observed->packets, 12u);
  EXPECT_EQ(rows[1].observed->last_seen, now);
  EXPECT_EQ(rows[1].observed->drop_reason, "NETFILTER_DROP");
  EXPECT_EQ(rows[3].listening->process, "postgres");
  EXPECT_EQ(rows[3].observed, std::nullopt);
}

TEST_F(RowsTest, AreCutAtTheFirstAndTheLastPort) {
  auditor->on_row(dropped(row(kDb, 0, kWorld, Verdict::kDeny, now), 1, now), now);
  auditor->on_row(dropped(row(kDb, 65535, kWorld, Verdict::kDeny, now), 1, now), now);
  EXPECT_THAT(ranges(of(kDb)), ElementsAre(std::pair(0, 0), std::pair(1, 65534), std::pair(65535, 65535)));
}

TEST_F(RowsTest, FollowTheCellsOfTheIntent) {
  EXPECT_THAT(ranges(of(kWeb)), ElementsAre(std::pair(0, 442), std::pair(443, 443), std::pair(444, 65535)));
}

TEST_F(RowsTest, AreOneWhereNeighbouringCellsSayTheSame) {
  auto cells = closed(cnp("db"));
  const auto tcp = std::ranges::find(cells, Protocol::kTcp, &IntentCell::protocol);
  tcp->last_port = 99;
  IntentCell rest = *tcp;
  rest.first_port = 100;
  rest.last_port = 65535;
  cells.insert(std::next(tcp), rest);
  set(kDb, cells, {cnp("db")});
  auditor->on_intent(now);
  EXPECT_THAT(ranges(of(kDb)), ElementsAre(std::pair(0, 65535)));
}

TEST_F(RowsTest, OfSourcesThatAreNotPublicShowWhenTheyWereSeen) {
  EXPECT_THAT(of(kDb, Protocol::kTcp, "pod:app=web"), IsEmpty());
  auditor->on_row(delivered(row(kDb, 5432, kPeer, Verdict::kAllow, now), 1, now), now);
  const auto rows = of(kDb, Protocol::kTcp, "pod:app=web");
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[1].observed->verdict, Verdict::kAllow);
}

TEST_F(RowsTest, TheNewestFactIsWhatWasObserved) {
  auditor->on_row(delivered(dropped(row(kDb, 22, kWorld, Verdict::kDeny, now), 5, now), 2, now + seconds(1)), now);
  const ObservedView view = *of(kDb).at(1).observed;
  EXPECT_EQ(view.verdict, Verdict::kAllow);
  EXPECT_EQ(view.packets, 2u);
  EXPECT_EQ(view.drop_reason, "");
}

TEST_F(RowsTest, OfAClassThatWasCutAnewGoToTheClassOfTheSender) {
  auditor->on_row(delivered(row(kDb, 22, kWorld, Verdict::kDeny, now), 2, now), now);
  classes[10] = source_class(10, "world", {prefix("2000::/3")}, {}, "2600::1");
  current = {10};
  set(kDb, {{10, closed(cnp("db"))}}, {cnp("db")});
  auditor->on_intent(now);
  auditor->on_row(delivered(row(kDb, 22, 10, Verdict::kDeny, now), 3, now + seconds(1)), now);
  EXPECT_EQ(of(kDb).at(1).observed->packets, 5u);
}

TEST_F(RowsTest, ShowProtocolsThatNobodyNamed) {
  RowObservation gre = row(kDb, 0, kWorld, Verdict::kDeny, now);
  gre.key.protocol = Protocol::kGre;
  auditor->on_row(dropped(gre, 1, now), now);
  const auto rows = of(kDb, Protocol::kGre);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].intended->verdict, Verdict::kDeny);
  EXPECT_EQ(rows[0].observed->packets, 1u);
}

TEST_F(RowsTest, AreSortedByEndpointProtocolPortAndClass) {
  set(kDb, {{kWorld, closed(cnp("db"))}, {kOffice, only_tcp(5432, cnp("db"))}}, {cnp("db")});
  auditor->on_intent(now);
  const auto rows = auditor->rows();
  EXPECT_TRUE(std::ranges::is_sorted(rows, {}, [](const EndpointRow& r) { return r.endpoint.ref; }));
  EXPECT_EQ(rows.front().protocol, Protocol::kTcp);
  EXPECT_EQ(rows[0].source->name, "2001:db8:100::/48");
  EXPECT_EQ(rows[1].source->name, "world");
  EXPECT_EQ(rows[0].port, rows[1].port);
  EXPECT_EQ(rows.back().endpoint.ref, node_ref());
  EXPECT_EQ(rows.back().protocol, Protocol::kAny);
}

}  // namespace
}  // namespace sextant::audit::testing
