// BackOff: how long to wait after a failure, longer each time, and never all at once (the constants of
// k8s.io/client-go, tools/cache/reflector.go).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace sextant::kube {

struct Pace {
  std::chrono::milliseconds first{800};
  std::chrono::milliseconds longest{30'000};
  std::chrono::milliseconds healthy{120'000};  // after this long without a failure it begins anew
  std::chrono::milliseconds obeyed{300'000};   // a server's Retry-After counts up to this
};

class BackOff {
 public:
  using Clock = std::chrono::steady_clock;

  BackOff(Pace pace, std::uint32_t seed) : pace_(pace), random_(seed) {}

  // The pause after a failure: between once and twice its length, and at least as long as the server asked for.
  std::chrono::milliseconds next(Clock::time_point now, std::optional<std::chrono::seconds> retry_after = {});
  // Something worked at last.
  void reset() { length_ = std::chrono::milliseconds(0); }

 private:
  Pace pace_;
  std::mt19937 random_;
  std::chrono::milliseconds length_{0};
  Clock::time_point failed_at_{};
};

}  // namespace sextant::kube
