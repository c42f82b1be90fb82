#include "agent/kube/back_off.h"

#include <gtest/gtest.h>

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;

TEST(BackOff, GrowsToItsLongestWithJitter) {
  BackOff back_off({}, 1);
  const BackOff::Clock::time_point now = BackOff::Clock::time_point{} + 1h;
  auto length = 800ms;
  for (int i = 0; i < 10; ++i) {
    const auto pause = back_off.next(now);
    EXPECT_GE(pause, length);
    EXPECT_LE(pause, 2 * length);
    length = std::min<std::chrono::milliseconds>(2 * length, 30s);
  }
}

TEST(BackOff, BeginsAnewAfterTwoMinutesWithoutAFailure) {
  BackOff back_off({}, 1);
  const BackOff::Clock::time_point now = BackOff::Clock::time_point{} + 1h;
  for (int i = 0; i < 10; ++i) back_off.next(now);
  EXPECT_GE(back_off.next(now + 120s), 30s);
  EXPECT_LE(back_off.next(now + 241s), 1600ms);
}

TEST(BackOff, WaitsAsLongAsTheServerAsks) {
  BackOff back_off({}, 1);
  const BackOff::Clock::time_point now = BackOff::Clock::time_point{} + 1h;
  EXPECT_GE(back_off.next(now, 60s), 60s);
  EXPECT_LT(back_off.next(now, 24h), 6min) << "within reason";
  EXPECT_GE(back_off.next(now, 0s), 3200ms);
}

TEST(BackOff, DiffersFromNodeToNode) {
  BackOff one({}, 1);
  BackOff two({}, 2);
  EXPECT_NE(one.next({}), two.next({}));
}

}  // namespace
}  // namespace sextant::kube
