#include "agent/datapath/kernel_clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

using namespace std::chrono_literals;

TEST(KernelClock, ReadsNowAsNow) {
  const KernelClock clock;
  const auto distance = std::chrono::system_clock::now() - clock.to_time(KernelClock::now_ns());
  EXPECT_LT(distance, 50ms);
  EXPECT_GT(distance, -50ms);
}

TEST(KernelClock, ReadsTheSameTimeAlike) {
  KernelClock clock;
  const auto before = clock.to_time(1'000'000'000);
  clock.refresh();
  EXPECT_EQ(clock.to_time(1'000'000'000), before);
}

TEST(KernelClock, ReadsNeverAsTheEpoch) { EXPECT_EQ(KernelClock().to_time(0), Time{}); }

}  // namespace
}  // namespace sextant::datapath
