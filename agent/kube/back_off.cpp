#include "agent/kube/back_off.h"

#include <algorithm>

namespace sextant::kube {

using std::chrono::milliseconds;

milliseconds BackOff::next(Clock::time_point now, std::optional<std::chrono::seconds> retry_after) {
  if (now - failed_at_ > pace_.healthy) reset();
  failed_at_ = now;
  length_ = length_ == milliseconds(0) ? pace_.first : std::min(length_ * 2, pace_.longest);
  std::uniform_int_distribution<milliseconds::rep> jitter(0, length_.count());
  const milliseconds own = length_ + milliseconds(jitter(random_));
  if (!retry_after) return own;
  // A thousand nodes were given the same number.
  const milliseconds asked = std::min(milliseconds(*retry_after), pace_.obeyed);
  return std::max(own, asked + milliseconds(jitter(random_)));
}

}  // namespace sextant::kube
