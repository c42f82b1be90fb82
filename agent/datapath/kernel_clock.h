// The kernel's CLOCK_MONOTONIC nanoseconds as wall-clock time.
//
// The distance of the two clocks is kept until it has moved by more than kStep (somebody set the clock), so that the
// same kernel time always reads as the same wall-clock time.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstdint>

#include "agent/base/clock.h"

namespace sextant::datapath {

class KernelClock {
 public:
  static constexpr std::chrono::milliseconds kStep{500};

  KernelClock();

  // 0, which the kernel's side uses for "never", is the epoch.
  Time to_time(std::uint64_t monotonic_ns) const;

  // Looks whether the clock was set. To be called before a batch of conversions.
  void refresh();

  static std::uint64_t now_ns();

  // How many ticks of the kernel's jiffies this is: CLOCK_MONOTONIC_COARSE resolves one (kernel/time/posix-timers.c).
  static std::uint64_t in_jiffies(std::chrono::nanoseconds duration);

 private:
  Time boot_{};  // when CLOCK_MONOTONIC was 0
};

}  // namespace sextant::datapath
