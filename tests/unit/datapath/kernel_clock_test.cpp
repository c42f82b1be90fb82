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

TEST(KernelClock, KnowsTheKernelsTick) {
  const std::uint64_t in_ten_seconds = KernelClock::in_jiffies(10s);
  EXPECT_GE(in_ten_seconds, 10U * 100);  // CONFIG_HZ is 100 to 1000
  EXPECT_LE(in_ten_seconds, 10U * 1024);
  EXPECT_EQ(KernelClock::in_jiffies(0s), 0U);
}

}  // namespace
}  // namespace sextant::datapath
