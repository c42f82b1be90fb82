#include "agent/datapath/kernel_clock.h"

#include <ctime>

namespace sextant::datapath {
namespace {

Time boot_time() { return std::chrono::system_clock::now() - std::chrono::nanoseconds(KernelClock::now_ns()); }

}  // namespace

KernelClock::KernelClock() : boot_(boot_time()) {}

Time KernelClock::to_time(std::uint64_t monotonic_ns) const {
  return monotonic_ns == 0 ? Time{} : boot_ + std::chrono::nanoseconds(monotonic_ns);
}

void KernelClock::refresh() {
  const Time now = boot_time();
  if (now - boot_ > kStep || boot_ - now > kStep) boot_ = now;
}

std::uint64_t KernelClock::now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t KernelClock::in_jiffies(std::chrono::nanoseconds duration) {
  timespec tick{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  return static_cast<std::uint64_t>(duration.count() / tick.tv_nsec);
}

}  // namespace sextant::datapath
