// What the uplink program costs per packet at 16, 1,000 and 100,000 source prefixes: agent/datapath/packet_bench.h.
// Needs root. Attaches nothing.
#include <cstdio>
#include <string>

#include "agent/datapath/packet_bench.h"

namespace {

using namespace sextant;

constexpr int kRounds = 9;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "packet_bench: %s\n", why.c_str());
  std::exit(2);
}

template <class T>
T or_stop(Result<T> result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

void measure(std::uint32_t prefixes) {
  auto bench = or_stop(datapath::PacketBench::create({}));
  if (const auto set = bench.set_intent(datapath::bench_intent(prefixes)); !set) stop(set.error().what);
  std::printf("\n%-50s %6s %8s   %s\n", (std::to_string(prefixes) + " source prefixes, 250 pods").c_str(), "goal", "ns",
              ("spread of " + std::to_string(kRounds) + " rounds").c_str());
  for (const auto& each : datapath::bench_cases()) {
    const auto cost = or_stop(bench.measure(each, kRounds));
    const std::string goal = each.goal > 0 ? std::to_string(static_cast<int>(each.goal)) : "";
    std::printf("  %-48s %6s %8.1f   %.1f to %.1f%s\n", each.name.c_str(), goal.c_str(), cost.median, cost.least,
                cost.most, each.goal > 0 && cost.median > each.goal ? "   missed" : "");
  }
  std::printf("  kernel memory of the maps: %.1f MiB\n", static_cast<double>(bench.map_bytes()) / (1 << 20));
}

}  // namespace

int main() {
  const auto hook = or_stop(or_stop(datapath::PacketBench::create({})).measure_hook(kRounds));
  std::printf("an empty program: %.1f ns (%.1f to %.1f); below, net of it\n", hook.median, hook.least, hook.most);
  for (const std::uint32_t prefixes : {16U, 1'000U, 100'000U}) measure(prefixes);
  return 0;
}
