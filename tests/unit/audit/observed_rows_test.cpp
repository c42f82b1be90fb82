#include "agent/audit/observed_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

RowObservation seen(std::uint64_t packets, Time last, Time first = kStart) {
  return delivered(row(kDb, 5432, kWorld, Verdict::kDeny, first), packets, last);
}

struct ObservedRowsTest : ::testing::Test {
  ObservedRows rows;
  const ObservedRow& only() const { return rows.all().begin()->second; }
};

TEST_F(ObservedRowsTest, KnowWhichPacketsWereJudged) {
  rows.merge(seen(3, kStart));
  EXPECT_TRUE(only().fresh);
  EXPECT_EQ(only().fresh_delivered(), 3u);
  rows.judged(only().seen.key);
  EXPECT_FALSE(only().fresh);
  EXPECT_TRUE(rows.replace({seen(5, kStart + seconds(1))}));
  EXPECT_TRUE(only().fresh);
  EXPECT_EQ(only().fresh_delivered(), 2u);
}

TEST_F(ObservedRowsTest, AnUnchangedPictureIsNoChange) {
  rows.replace({seen(3, kStart)});
  EXPECT_FALSE(rows.replace({seen(3, kStart)}));
}

TEST_F(ObservedRowsTest, ClockReadingsThatDifferALittleAreNoChange) {
  rows.replace({seen(1, kStart)});
  rows.judged(only().seen.key);
  EXPECT_FALSE(rows.replace({seen(1, kStart + milliseconds(1), kStart + milliseconds(1))}));
  EXPECT_FALSE(only().fresh);
}

TEST_F(ObservedRowsTest, IgnoreAnEventThatIsOlderThanThePicture) {
  rows.replace({seen(5, kStart + seconds(5))});
  rows.merge(seen(4, kStart + seconds(4)));
  EXPECT_EQ(only().seen.delivered, 5u);
}

TEST_F(ObservedRowsTest, BeginAnewWithARowThatTheKernelMadeAnew) {
  rows.replace({seen(5, kStart)});
  rows.judged(only().seen.key);
  rows.replace({seen(2, kStart + minutes(1), kStart + minutes(1))});
  EXPECT_EQ(only().fresh_delivered(), 2u);
  rows.judged(only().seen.key);
  rows.replace({seen(9, kStart + minutes(3), kStart + minutes(2))});
  EXPECT_EQ(only().fresh_delivered(), 9u) << "more packets than before, but of a later row";
}

TEST_F(ObservedRowsTest, ForgetRowsThatArePicturedNoMore) {
  rows.replace({seen(5, kStart)});
  EXPECT_TRUE(rows.replace({}));
  EXPECT_THAT(rows.all(), IsEmpty());
}

TEST_F(ObservedRowsTest, AKeyThatComesTwiceInAPictureIsOneRow) {
  rows.replace({seen(5, kStart)});
  rows.judged(only().seen.key);
  EXPECT_FALSE(rows.replace({seen(5, kStart), seen(5, kStart)}));
  EXPECT_EQ(only().fresh_delivered(), 0u);
}

TEST_F(ObservedRowsTest, AreFoundByEndpointAndPort) {
  rows.replace({row(kDb, 1, kWorld, Verdict::kDeny, kStart), row(kDb, 2, kWorld, Verdict::kDeny, kStart),
                row(kDb, 2, kOffice, Verdict::kDeny, kStart), row(kWeb, 2, kWorld, Verdict::kDeny, kStart)});
  EXPECT_THAT(rows.of(kDb), SizeIs(3));
  EXPECT_THAT(rows.at(kDb, Protocol::kTcp, 2), SizeIs(2));
  EXPECT_THAT(rows.at(kDb, Protocol::kUdp, 2), IsEmpty());
}

TEST(NewestPacket, OfARowDecides) {
  const RowObservation none = row(kDb, 1, kWorld, Verdict::kDeny, kStart);
  EXPECT_FALSE(newest_delivered(none) || newest_refused(none));
  EXPECT_TRUE(newest_delivered(dropped(delivered(none, 1, kStart + seconds(1)), 1, kStart)));
  EXPECT_TRUE(newest_refused(dropped(delivered(none, 1, kStart), 1, kStart + seconds(1))));
  EXPECT_FALSE(newest_refused(dropped(none, 1, kStart + seconds(1), "NO_SOCKET")));
}

TEST(NewestPacket, ThatDiedForNoReasonGivenIsNoProofOfAWall) {
  const RowObservation open = delivered(row(kDb, 5432, kWorld, Verdict::kDeny, kStart), 1, kStart);
  EXPECT_FALSE(newest_refused(dropped(open, 1, kStart + seconds(1), "NOT_SPECIFIED")));
}

}  // namespace
}  // namespace sextant::audit::testing
