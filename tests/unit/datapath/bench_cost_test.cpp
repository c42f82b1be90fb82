#include "agent/datapath/bench_cost.h"

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

TEST(BenchCost, IsTheMedianInWhateverOrder) {
  EXPECT_DOUBLE_EQ(cost_of({9, 1, 5, 3, 7}).median, 5);
  EXPECT_DOUBLE_EQ(cost_of({4}).median, 4);
}

TEST(BenchCost, SpreadLeavesOutTheOuterQuarters) {
  const Cost cost = cost_of({1'000, 10, 11, 12, 13, 14, 15, -500});
  EXPECT_DOUBLE_EQ(cost.spread, 14 - 11);
  EXPECT_DOUBLE_EQ(cost_of({1, 2, 4}).spread, 3) << "too few to leave any out";
}

TEST(BenchCost, WhatIsNotAboveTheSpreadIsNoiseAndBoundedByIt) {
  EXPECT_TRUE((Cost{.median = 2, .spread = 2}).is_noise());
  EXPECT_TRUE((Cost{.median = -1, .spread = 0.5}).is_noise());
  EXPECT_FALSE((Cost{.median = 2.1, .spread = 2}).is_noise());
  EXPECT_DOUBLE_EQ((Cost{.median = 1, .spread = 2}).bound(), 2);
  EXPECT_DOUBLE_EQ((Cost{.median = 3, .spread = 2}).bound(), 3);
}

TEST(BenchCost, AShareOfACoreIsCostTimesRate) {
  EXPECT_DOUBLE_EQ(share_of_core(100, 1e6), 0.1);
  EXPECT_DOUBLE_EQ(share_of_core(5, 1e4), 0.00005);
}

}  // namespace
}  // namespace sextant::datapath
