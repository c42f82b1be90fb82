#include "agent/audit/finding_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

Claim state(std::string name = "db") {
  return {.code = kUnprotectedEndpoint, .endpoint = {.ref = pod_ref("shop", std::move(name))}, .message = "m"};
}
Claim packets(Time last, std::uint64_t fresh) {
  Claim claim{
      .code = kUnintendedDelivery, .endpoint = {.ref = kDb}, .protocol = Protocol::kTcp, .port = 1, .message = "m"};
  claim.packets = PacketEvidence{.last = last, .fresh = fresh};
  return claim;
}

struct FindingBookTest : ::testing::Test {
  Config config{.node = "n1"};
  Time now = kStart;
  FindingBook book{config};
};

TEST_F(FindingBookTest, TellsAnOpeningOnce) {
  book.hold(state(), now);
  EXPECT_THAT(opened(book.changes(now)), SizeIs(1));
  book.hold(state(), now + hours(1));
  EXPECT_THAT(book.changes(now + hours(1)), IsEmpty());
}

TEST_F(FindingBookTest, TellsAtOnceWhatPeopleActOn) {
  book.hold(state(), now);
  book.changes(now);
  Claim other = state();
  other.fix = "another";
  book.hold(other, now);
  EXPECT_THAT(updated(book.changes(now)), SizeIs(1));
}

TEST_F(FindingBookTest, TellsCountsAndWordingAtMostOnceInTenSeconds) {
  book.hold(packets(now, 1), now);
  book.changes(now);
  int told = 0;
  for (int second = 1; second <= 60; ++second) {
    now += seconds(1);
    book.hold(packets(now, 1), now);
    told += static_cast<int>(book.changes(now).size());
  }
  EXPECT_EQ(told, 6);
  EXPECT_EQ(book.all().at(0).count, 61u);
}

TEST_F(FindingBookTest, TellsALastCountThatCameTooSoonLater) {
  book.hold(packets(now, 1), now);
  book.changes(now);
  book.hold(packets(now + seconds(1), 1), now + seconds(1));
  EXPECT_THAT(book.changes(now + seconds(9)), IsEmpty());
  const auto changes = book.changes(now + seconds(10));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].finding.count, 2u);
}

TEST_F(FindingBookTest, ResolvesOnce) {
  book.hold(state(), now);
  const FindingKey key = book.key_of(state());
  book.resolve(key, "why", now + seconds(1));
  book.resolve(key, "again", now + seconds(2));
  const auto changes = book.changes(now + seconds(2));
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].kind, FindingChange::Kind::kOpened);
  EXPECT_EQ(changes[1].finding.resolution, "why");
  EXPECT_EQ(book.open(key), nullptr);
}

TEST_F(FindingBookTest, OpeningAgainWithinADayIsTheSameFinding) {
  book.hold(state(), now);
  const Finding first = book.all().at(0);
  book.resolve(book.key_of(state()), "why", now);
  book.changes(now);
  now += config.again;
  book.hold(state(), now);
  const Finding again = opened(book.changes(now)).at(0).finding;
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.openings, 2u);
  EXPECT_EQ(again.count, 2u);
  EXPECT_EQ(again.first_seen, first.first_seen);
  EXPECT_EQ(again.resolved_at, std::nullopt);
  EXPECT_EQ(again.resolution, "");
}

TEST_F(FindingBookTest, OpeningAgainAfterADayIsANewFindingWithTheSameId) {
  book.hold(state(), now);
  const std::string id = book.all().at(0).id;
  book.resolve(book.key_of(state()), "why", now);
  now += config.again + seconds(1);
  book.hold(state(), now);
  const Finding later = book.all().at(0);
  EXPECT_EQ(later.id, id);
  EXPECT_EQ(later.openings, 1u);
  EXPECT_EQ(later.count, 1u);
  EXPECT_EQ(later.first_seen, now);
}

TEST_F(FindingBookTest, ForgetsWhatWasResolvedMoreThanADayAgo) {
  book.hold(state(), now);
  book.resolve(book.key_of(state()), "why", now);
  book.changes(now + config.again);
  EXPECT_THAT(book.all(), SizeIs(1));
  book.changes(now + config.again + seconds(1));
  EXPECT_THAT(book.all(), IsEmpty());
}

TEST_F(FindingBookTest, PacketsThatAreKnownNeitherCountNorReopen) {
  book.hold(packets(now, 3), now);
  book.hold(packets(now, 3), now + seconds(1));
  EXPECT_EQ(book.all().at(0).count, 3u);
  book.resolve(book.key_of(packets(now, 0)), "why", now + seconds(2));
  book.changes(now);
  book.hold(packets(now, 3), now + seconds(3));
  EXPECT_THAT(book.changes(now), IsEmpty());
}

TEST_F(FindingBookTest, ARestoredOpeningIsNotToldAgain) {
  book.hold(state(), now);
  Finding stored = book.all().at(0);
  FindingBook next(config);
  next.restore({stored});
  EXPECT_TRUE(next.unconfirmed(next.key_of(state())));
  next.hold(state(), now + hours(1));
  EXPECT_THAT(next.changes(now + hours(1)), IsEmpty());
  EXPECT_FALSE(next.unconfirmed(next.key_of(state())));
  EXPECT_EQ(next.all().at(0).count, 1u);
}

TEST_F(FindingBookTest, LeavesOutFindingsOfAnotherNode) {
  book.restore({Finding{.id = "SXT005-1", .code = "SXT005", .node = "n2"}});
  EXPECT_THAT(book.all(), IsEmpty());
}

TEST_F(FindingBookTest, TheConfigurationSetsSeverities) {
  config.severities = {{"SXT005", Severity::kCritical}};
  FindingBook stern(config);
  stern.hold(state(), now);
  EXPECT_EQ(stern.all().at(0).severity, Severity::kCritical);
}

TEST_F(FindingBookTest, GivesAnotherIdWhereTheHashIsTaken) {
  const FindingKey key = book.key_of(state());
  book.restore({Finding{.id = finding_id(key), .code = "SXT009", .node = "n1", .endpoint = {.ref = kWeb}}});
  book.hold(state(), now);
  ASSERT_NE(book.open(key), nullptr);
  EXPECT_EQ(book.open(key)->id, finding_id(key, 1));
}

TEST_F(FindingBookTest, IsBoundedAndSaysWhatFoundNoRoom) {
  config.max_findings = 3;
  FindingBook small(config);
  for (const char* name : {"a", "b", "c"}) small.hold(state(name), now);
  EXPECT_EQ(small.take_refused(), 0u);
  small.hold(state("d"), now);
  EXPECT_EQ(small.take_refused(), 1u);
  EXPECT_EQ(small.take_refused(), 0u);
  EXPECT_THAT(small.all(), SizeIs(3));
}

TEST_F(FindingBookTest, MakesRoomByForgettingTheOldestResolvedOne) {
  config.max_findings = 3;
  FindingBook small(config);
  for (const char* name : {"a", "b", "c"}) small.hold(state(name), now);
  small.resolve(small.key_of(state("b")), "why", now);
  small.resolve(small.key_of(state("a")), "why", now + seconds(1));
  small.hold(state("d"), now);
  EXPECT_EQ(small.take_refused(), 0u);
  std::vector<std::string> names;
  for (const Finding& f : small.all()) names.push_back(f.endpoint.ref.name);
  EXPECT_THAT(names, ::testing::ElementsAre("c", "d", "a"));
}

TEST_F(FindingBookTest, ABlindSpotAlwaysFindsRoom) {
  config.max_findings = 0;
  FindingBook full(config);
  full.hold({.code = kBlindSpot, .endpoint = {.ref = {.kind = EndpointKind::kSextant, .name = "findings"}}}, now);
  EXPECT_THAT(full.all(), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::testing
