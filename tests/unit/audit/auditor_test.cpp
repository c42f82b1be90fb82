// What the auditor keeps over time and over restarts; each finding has a test of its own name.
#include "agent/audit/auditor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct AuditorTest : Watch, ::testing::Test {
  RowObservation db_row(Time first) const { return row(kDb, 5432, kWorld, Verdict::kDeny, first); }

  // One open finding of each kind, as an earlier life left them.
  std::vector<Finding> a_life_of_findings() {
    started();
    add_pod("bare", "", "2001:db8:1::8");
    set(pod_ref("shop", "bare"), open_by_default());
    problems = {{.policy = cnp("x"), .rejected = true, .reason = "r"}};
    auditor->on_intent(now);
    auditor->on_listeners({.taken = now, .listeners = {host_listener(Protocol::kTcp, 9100, "node_exporter")}}, now);
    auditor->on_blind_spots({{.what = "witness death", .why = "w"}}, now);
    auditor->on_row(delivered(db_row(now), 3, now), now);
    auditor->on_row(dropped(row(kWeb, 443, kWorld, Verdict::kAllow, now), 2, now), now);
    auditor->on_stray(
        {.address = ip("2001:db8:1::99"), .pod_uid = "u", .count = 1, .first_seen = now, .last_seen = now}, now);
    after(config.describe);
    return open();
  }
  std::vector<std::string> open_codes() const {
    std::vector<std::string> codes;
    for (const Finding& f : open()) codes.push_back(f.code);
    return codes;
  }
};

TEST_F(AuditorTest, FindsNothingWhereNothingIsWrong) {
  started();
  auditor->on_row(dropped(db_row(now), 100, now), now);
  auditor->on_row(delivered(row(kWeb, 443, kWorld, Verdict::kAllow, now), 100, now), now);
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_THAT(auditor->findings(), IsEmpty());
}

TEST_F(AuditorTest, FindsOneOfEachKind) {
  a_life_of_findings();
  EXPECT_THAT(open_codes(), ElementsAre("SXT001", "SXT005", "SXT007", "SXT008", "SXT009", "SXT010", "SXT012"));
}

TEST_F(AuditorTest, TheSameInputsGiveTheSameFindings) {
  const auto first = a_life_of_findings();
  now = kStart;
  intents.erase(pod_ref("shop", "bare"));
  problems.clear();
  const auto second = a_life_of_findings();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].id, second[i].id);
    EXPECT_EQ(first[i].message, second[i].message);
    EXPECT_EQ(first[i].count, second[i].count);
  }
}

TEST_F(AuditorTest, ResolvesNothingAfterARestartBeforeTheWitnessesHaveLooked) {
  const auto stored = a_life_of_findings();
  now += minutes(1);
  start(stored);
  EXPECT_THAT(settle(), IsEmpty());
  auditor->on_blind_spots({}, now);  // the daemon does not know its manifests yet
  EXPECT_THAT(after(seconds(1)), IsEmpty());
  EXPECT_THAT(open(), SizeIs(stored.size()));
}

TEST_F(AuditorTest, FindsTheSameFindingsAfterARestartAndTellsNoneAnew) {
  const auto stored = a_life_of_findings();
  now += minutes(1);
  start(stored);
  settle();
  auditor->on_intent(now);
  auditor->on_blind_spots({{.what = "witness death", .why = "w"}}, now);
  auto changes = settle();
  EXPECT_THAT(opened(changes), IsEmpty());
  EXPECT_THAT(resolved(changes), IsEmpty());
  auditor->on_listeners({.taken = now, .listeners = {host_listener(Protocol::kTcp, 9100, "node_exporter")}}, now);
  changes = settle();
  EXPECT_THAT(opened(changes), IsEmpty());
  EXPECT_THAT(resolved(changes), IsEmpty());
  std::vector<std::string> ids;
  for (const Finding& f : open()) ids.push_back(f.id);
  std::vector<std::string> before;
  for (const Finding& f : stored) before.push_back(f.id);
  EXPECT_EQ(ids, before);
}

TEST_F(AuditorTest, ResolvesWhatWentAwayWhileItWasDown) {
  const auto stored = a_life_of_findings();
  now += minutes(1);
  start(stored);
  remove_pod("bare");
  problems.clear();
  auditor->on_intent(now);
  const auto changes = settle();
  ASSERT_THAT(resolved(changes), SizeIs(2));
  EXPECT_EQ(changes[0].finding.code, "SXT005");
  EXPECT_EQ(changes[1].finding.code, "SXT012");
  auditor->on_listeners({.taken = now}, now);
  auditor->on_blind_spots({}, now);
  EXPECT_THAT(resolved(settle()), SizeIs(2));
}

TEST_F(AuditorTest, AnOutageIsNoQuiet) {
  const auto stored = a_life_of_findings();
  now += hours(5);
  start(stored);
  auditor->on_intent(now);
  EXPECT_THAT(resolved(settle()), IsEmpty());
  EXPECT_THAT(resolved(after(config.quiet - seconds(1))), IsEmpty());
  EXPECT_THAT(resolved(after(seconds(1))), SizeIs(3));
}

TEST_F(AuditorTest, CountsGoOnAfterARestart) {
  const auto stored = a_life_of_findings();
  now += minutes(1);
  start(stored);
  auditor->on_intent(now);
  auditor->on_rows({delivered(db_row(now), 2, now)}, now);  // the kernel's counters begin anew
  EXPECT_THAT(opened(settle()), IsEmpty());
  EXPECT_EQ(open("SXT001").at(0).count, 5u);
}

TEST_F(AuditorTest, AFindingResolvedBeforeARestartOpensAgain) {
  const auto stored = a_life_of_findings();
  now += seconds(1);
  auditor->on_rows({dropped(delivered(db_row(kStart), 3, kStart), 1, now)}, now);
  settle();
  const auto all = auditor->findings();
  now += minutes(1);
  start(all);
  auditor->on_intent(now);
  auditor->on_rows({delivered(db_row(now), 1, now)}, now);
  const auto changes = opened(settle());
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].finding.openings, 2u);
  EXPECT_EQ(changes[0].finding.count, 4u);
}

TEST_F(AuditorTest, ARestoredFindingResolvesWhenAPacketShowsAgreement) {
  const auto stored = a_life_of_findings();
  now += minutes(1);
  start(stored);
  auditor->on_intent(now);
  auditor->on_rows({dropped(db_row(now), 1, now)}, now);
  const auto changes = resolved(settle());
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].finding.code, "SXT001");
}

TEST_F(AuditorTest, KilledAtRandomMomentsLosesAndDoublesNothing) {
  std::vector<Finding> stored;
  std::uint64_t packets = 0;
  std::size_t openings = 0;
  for (int life = 0; life < 50; ++life) {
    start(stored);
    auditor->on_intent(now);
    for (int round = 0; round <= life % 4; ++round) {
      now += seconds(1);
      auditor->on_row(delivered(db_row(kStart + minutes(life)), static_cast<std::uint64_t>(round) + 1, now), now);
      ++packets;
      openings += opened(settle()).size();
      stored = auditor->findings();
    }
    now += minutes(1);
  }
  EXPECT_EQ(openings, 1u);
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open().at(0).count, packets);
}

TEST_F(AuditorTest, MoreFindingsThanFitAreABlindSpotThatLapses) {
  config.max_findings = 4;
  started();
  for (std::uint16_t port = 1; port <= 4; ++port) {
    auditor->on_row(delivered(row(kDb, port, kWorld, Verdict::kDeny, now), 1, now), now);
  }
  settle();
  EXPECT_THAT(open("SXT010"), IsEmpty());
  auditor->on_row(delivered(row(kDb, 5, kWorld, Verdict::kDeny, now), 1, now), now);
  settle();
  ASSERT_THAT(open("SXT010"), SizeIs(1));
  EXPECT_EQ(open("SXT010").at(0).message,
            "Sextant is blind (findings): more than 4 findings are open: further ones find no room");
  EXPECT_THAT(open("SXT001"), SizeIs(4));
  after(minutes(10));
  EXPECT_THAT(open("SXT010"), IsEmpty());
}

TEST_F(AuditorTest, KeepsResolvedFindingsForADay) {
  const auto stored = a_life_of_findings();
  remove_pod("bare");
  auditor->on_intent(now);
  settle();
  EXPECT_THAT(auditor->findings(), SizeIs(stored.size()));
  const Finding last = auditor->findings().back();
  EXPECT_EQ(last.state, FindingState::kResolved) << "open ones come first";
}

}  // namespace
}  // namespace sextant::audit::testing
