// What policies cost: from objects in memory to the kernel's tables. Each case prints its goal beside its time.
// Writing tables needs root; those cases say so and are left out without it.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "agent/datapath/tables.h"
#include "agent/policy/engine.h"
#include "bench/policy_scenes.h"

namespace {

using namespace sextant;
using bench::ListedIn;
using bench::Shape;

std::string size_of(const KernelIntent& intent) {
  return std::to_string(intent.classes.size()) + " classes, " + std::to_string(intent.policies.size()) + " policies, " +
         std::to_string(intent.port_maps.size()) + " port maps";
}

// The World is there; the engine is made anew.
void from_nothing(benchmark::State& state, const World& world, const std::string& goal) {
  std::string size;
  for (auto round : state) {
    const policy::Engine engine(world, {});
    const KernelIntent intent = engine.compile();
    state.PauseTiming();
    size = size_of(intent);
    state.ResumeTiming();
  }
  state.SetLabel("goal " + goal + "; " + size);
}

void policies_from_nothing(benchmark::State& state, Shape shape, const std::string& goal) {
  from_nothing(state, bench::cluster(shape), goal);
}

void prefixes_from_nothing(benchmark::State& state, ListedIn listed) {
  from_nothing(state, bench::blocklist(listed), "50 ms");
}

// What is outside the interval that is measured: the tables are written again only when no program reads the bank that
// is to be written, for which a change that follows at once would wait (10 ms or so).
void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

// One of 1,000 policies is replaced, until the kernel's tables are right.
void one_changed(benchmark::State& state, bool other_prefix) {
  if (::geteuid() != 0) return state.SkipWithError("needs root");
  World world = bench::cluster(Shape::kMixed);
  policy::Engine engine(world, {});
  auto tables = datapath::Tables::create({});
  if (!tables || !tables->set_intent(engine.compile(), [](auto) {})) return state.SkipWithError("no tables");
  int round_number = 0;
  for (auto round : state) {
    state.PauseTiming();
    ++round_number;
    const Delta delta = bench::changed_policy(8'000 + round_number % 500, other_prefix ? round_number % 500 + 1 : 0);
    rest();
    state.ResumeTiming();
    world.apply(delta);
    engine.on(delta);
    const auto set = tables->set_intent(engine.compile(), [](auto) {});
    if (!set || !set->empty()) return state.SkipWithError("the intent does not fit");
  }
  state.SetLabel("goal 10 ms");
}

void to_the_kernel(benchmark::State& state) {
  if (::geteuid() != 0) return state.SkipWithError("needs root");
  const World world = bench::cluster(Shape::kMixed);
  const policy::Engine engine(world, {});
  const KernelIntent intent = engine.compile();
  auto tables = datapath::Tables::create({});
  if (!tables) return state.SkipWithError("no tables");
  for (auto round : state) {
    state.PauseTiming();
    rest();
    state.ResumeTiming();
    if (!tables->set_intent(intent, [](auto) {})) return state.SkipWithError("not written");
  }
  state.SetLabel("a part of the above");
}

BENCHMARK_CAPTURE(policies_from_nothing, mixed, Shape::kMixed, "100 ms")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(policies_from_nothing, one_pod, Shape::kOnePod, "100 ms")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(policies_from_nothing, all_pods, Shape::kAllPods, "100 ms")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(prefixes_from_nothing, in_a_group, ListedIn::kGroup)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(prefixes_from_nothing, in_a_policy, ListedIn::kPolicy)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(one_changed, its_port, false)->Unit(benchmark::kMillisecond)->Iterations(40);
BENCHMARK_CAPTURE(one_changed, its_prefixes, true)->Unit(benchmark::kMillisecond)->Iterations(40);
BENCHMARK(to_the_kernel)->Unit(benchmark::kMillisecond)->Iterations(40);

}  // namespace

BENCHMARK_MAIN();
