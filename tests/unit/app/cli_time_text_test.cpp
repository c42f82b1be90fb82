#include "agent/app/cli/time_text.h"

#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

using namespace std::chrono_literals;

const Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 8h;

TEST(Duration, IsReadInEveryUnit) {
  EXPECT_EQ(duration_from("250ms").value(), 250ms);
  EXPECT_EQ(duration_from("5s").value(), 5s);
  EXPECT_EQ(duration_from("10m").value(), 10min);
  EXPECT_EQ(duration_from("1h30m").value(), 90min);
  EXPECT_EQ(duration_from("2d").value(), 48h);
  EXPECT_EQ(duration_from("1w").value(), 168h);
  EXPECT_EQ(duration_from("0").value(), 0s);
}

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "5", "s", "5x", "-5s", "5 s", "5s ", "1.5h", "5sm"})
    EXPECT_FALSE(duration_from(text)) << text;
  EXPECT_EQ(duration_from("soon").error().what, "'soon' is no duration: 5s, 10m, 1h30m or 2d is expected");
}

TEST(Duration, EndsAtAHundredYears) {
  EXPECT_TRUE(duration_from("36524d"));
  EXPECT_FALSE(duration_from("36526d"));
  EXPECT_FALSE(duration_from("36000d36000d"));
  EXPECT_EQ(duration_from("99999999999999999999s").error().what, "'99999999999999999999s' is longer than 100 years");
}

TEST(Since, IsADurationAgoOrAMoment) {
  EXPECT_EQ(since_from("10m", kNow).value(), kNow - 10min);
  EXPECT_EQ(since_from("2026-11-21T07:30:00Z", kNow).value(), kNow - 30min);
  EXPECT_EQ(since_from("2026-11-21T09:00:00+01:00", kNow).value(), kNow);
  EXPECT_FALSE(since_from("yesterday", kNow));
  EXPECT_FALSE(since_from("2026-02-30T00:00:00Z", kNow));
}

TEST(Rfc3339, IsUtcToTheSecond) { EXPECT_EQ(rfc3339(kNow + 999ms), "2026-11-21T08:00:00Z"); }

TEST(Age, IsOneUnitRoundedDown) {
  EXPECT_EQ(age(kNow - 59s, kNow), "59s");
  EXPECT_EQ(age(kNow - 60s, kNow), "1m");
  EXPECT_EQ(age(kNow - 119s, kNow), "1m");
  EXPECT_EQ(age(kNow - 59min - 59s, kNow), "59m");
  EXPECT_EQ(age(kNow - 1h, kNow), "1h");
  EXPECT_EQ(age(kNow - 23h, kNow), "23h");
  EXPECT_EQ(age(kNow - 24h, kNow), "1d");
  EXPECT_EQ(age(kNow - 24h * 400, kNow), "400d");
}

TEST(Age, OfTheFutureIsNothing) {
  EXPECT_EQ(age(kNow + 5s, kNow), "0s");
  EXPECT_EQ(ago(kNow + 5s, kNow), "now");
}

TEST(Ago, SaysNowWithinASecond) {
  EXPECT_EQ(ago(kNow - 900ms, kNow), "now");
  EXPECT_EQ(ago(kNow - 3min, kNow), "3m ago");
}

}  // namespace
}  // namespace sextant::app::cli
