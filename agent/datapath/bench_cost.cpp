#include "agent/datapath/bench_cost.h"

#include <algorithm>
#include <cassert>

namespace sextant::datapath {
namespace {

constexpr double kNanosecondsASecond = 1e9;

}  // namespace

Cost cost_of(std::vector<double> rounds) {
  assert(!rounds.empty());
  std::ranges::sort(rounds);
  const std::size_t left_out = rounds.size() / 4;
  return {.median = rounds[rounds.size() / 2], .spread = rounds[rounds.size() - 1 - left_out] - rounds[left_out]};
}

double share_of_core(double nanoseconds, double packets_a_second) {
  return nanoseconds * packets_a_second / kNanosecondsASecond;
}

}  // namespace sextant::datapath
