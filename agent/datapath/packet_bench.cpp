#include "agent/datapath/packet_bench.h"

#include <algorithm>

namespace sextant::datapath {
namespace {

constexpr std::uint32_t kTrialTimes = 1'000;
constexpr std::uint32_t kMostTimes = 10'000'000;

// How many packets fill half a round. Also warms what a first run finds cold.
Result<std::uint32_t> times_for(const BenchPrograms& programs, const BenchPacket& packet, const Effort& effort) {
  double each = 0;
  for (int trial = 0; trial < 2; ++trial) {
    const auto took = programs.run(BenchPrograms::Run::kProgram, packet, kTrialTimes);
    if (!took) return Failure(took.error());
    each = *took;
  }
  const double fit = std::chrono::duration<double, std::nano>(effort.round).count() / 2 / std::max(each, 1.0);
  return static_cast<std::uint32_t>(std::clamp(fit, double{kTrialTimes}, double{kMostTimes}));
}

}  // namespace

Result<Cost> measure(const BenchPrograms& programs, const BenchPacket& packet, const Effort& effort) {
  const auto times = times_for(programs, packet, effort);
  if (!times) return Failure(times.error());
  std::vector<double> net;
  for (int round = 0; round < effort.rounds; ++round) {
    const auto with = programs.run(BenchPrograms::Run::kProgram, packet, *times);
    if (!with) return Failure(with.error());
    const auto without = programs.run(BenchPrograms::Run::kNothing, packet, *times);
    if (!without) return Failure(without.error());
    net.push_back(*with - *without);
  }
  return cost_of(std::move(net));
}

Result<Cost> measure_nothing(const BenchPrograms& programs, const Effort& effort) {
  const BenchPacket packet = bench_cases().front().packet;
  const auto times = times_for(programs, packet, effort);
  if (!times) return Failure(times.error());
  std::vector<double> costs;
  for (int round = 0; round < effort.rounds; ++round) {
    const auto cost = programs.run(BenchPrograms::Run::kNothing, packet, *times);
    if (!cost) return Failure(cost.error());
    costs.push_back(*cost);
  }
  return cost_of(std::move(costs));
}

}  // namespace sextant::datapath
