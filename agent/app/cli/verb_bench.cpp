// bench: what the kernel's part costs here, without a daemon.
#include <algorithm>
#include <array>
#include <chrono>

#include "agent/app/cli/print.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/verbs.h"
#include "agent/app/cli/views.h"
#include "agent/base/version.h"
#include "agent/datapath/bench_machine.h"
#include "agent/datapath/features.h"
#include "agent/datapath/packet_bench.h"

namespace sextant::app::cli {
namespace {

constexpr std::uint32_t kUsualPrefixes = 1'000;
constexpr std::array<std::uint64_t, 3> kRates{10'000, 100'000, 1'000'000};  // packets a second

const char* hook_name(datapath::BenchHook hook) {
  switch (hook) {
    case datapath::BenchHook::kDelivery:
      return "delivery";
    case datapath::BenchHook::kDeath:
      return "death";
    default:
      return "uplink";
  }
}

void set_machine(v1alpha1::BenchMachine& to, bool is_compiled) {
  const datapath::BenchMachine machine = datapath::this_machine();
  to.set_kernel(machine.kernel);
  to.set_architecture(machine.architecture);
  to.set_cpu(machine.cpu);
  to.set_cpus(machine.cpus);
  to.set_jit(is_compiled);
  to.set_clock(machine.clock);
}

void set_cost(v1alpha1::BenchCase& to, const datapath::Cost& cost) {
  to.set_nanoseconds(cost.median);
  to.set_spread(cost.spread);
  to.set_noise(cost.is_noise());
  for (const std::uint64_t rate : kRates) {
    auto& core = *to.add_core();
    core.set_packets_per_second(rate);
    core.set_share(datapath::share_of_core(cost.bound(), static_cast<double>(rate)));
  }
}

// The cases that the n-th table measures.
std::vector<datapath::PacketCase> cases_of(std::size_t table) {
  std::vector<datapath::PacketCase> cases = datapath::bench_cases();
  if (table > 0) std::erase_if(cases, [](const auto& each) { return !each.finds_source; });
  return cases;
}

// The duration, shared out among all that is measured.
datapath::Effort effort_of(const BenchOptions& options, std::size_t tables) {
  datapath::Effort effort;
  std::size_t cases = 1;  // the program that does nothing
  for (std::size_t table = 0; table < tables; ++table) cases += cases_of(table).size();
  effort.round = options.duration / (cases * static_cast<std::size_t>(effort.rounds));
  return effort;
}

Result<> measure_table(datapath::BenchPrograms& programs, const std::vector<datapath::PacketCase>& cases,
                       const datapath::Effort& effort, v1alpha1::BenchTable& table) {
  if (auto set = programs.set_intent(datapath::bench_intent(table.prefixes())); !set) return set;
  for (const datapath::PacketCase& each : cases) {
    auto& row = *table.add_cases();
    row.set_hook(hook_name(each.packet.hook));
    row.set_name(each.name);
    if (each.goal > 0) row.set_goal(each.goal);
    if (const auto& why = programs.missing(each.packet.hook); !why.empty()) {
      row.set_not_measured(why);
      continue;
    }
    const auto cost = datapath::measure(programs, each.packet, effort);
    if (!cost) return because(each.name, cost.error());
    set_cost(row, *cost);
  }
  return {};
}

Result<v1alpha1::BenchReport> measure_all(const BenchOptions& options) {
  auto programs = datapath::BenchPrograms::load({});
  if (!programs) return Failure(std::move(programs.error()));
  const std::vector<std::uint32_t> sizes =
      options.prefixes.empty() ? std::vector<std::uint32_t>{kUsualPrefixes} : options.prefixes;
  const datapath::Effort effort = effort_of(options, sizes.size());
  v1alpha1::BenchReport report;
  report.set_version(std::string(kVersion));
  report.set_rounds(static_cast<std::uint32_t>(effort.rounds));
  set_machine(*report.mutable_machine(), programs->is_compiled());
  const auto empty = datapath::measure_nothing(*programs, effort);
  if (!empty) return Failure(empty.error());
  report.set_empty_nanoseconds(empty->median);
  report.set_empty_spread(empty->spread);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    auto& table = *report.add_tables();
    table.set_prefixes(sizes[i]);
    table.set_pods(datapath::kBenchPods);
    if (auto done = measure_table(*programs, cases_of(i), effort, table); !done)
      return Failure(std::move(done.error()));
  }
  for (const auto& use : programs->map_use()) {
    auto& map = *report.add_maps();
    map.set_map(use.map);
    map.set_entries(use.entries);
    map.set_capacity(use.capacity);
    map.set_bytes(use.bytes);
  }
  return report;
}

}  // namespace

Result<int> bench_verb(Io& io, const CommandLine& line) {
  if (const auto missing = datapath::missing_capabilities(); !missing.empty())
    return failure("programs are loaded only for who has CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, and here " +
                   join(missing, " and ") + (missing.size() == 1 ? " is" : " are") + " missing: run it as root");
  const auto report = measure_all(line.bench);
  if (!report) return Failure(report.error());
  print(io, line.global, *report, [&](const Layout& layout) { return bench_page(*report, layout); });
  return kDone;
}

}  // namespace sextant::app::cli
