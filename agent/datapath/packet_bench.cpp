#include "agent/datapath/packet_bench.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent/base/c_ptr.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "bpf/bench.h"
#include "bench.skel.h"

namespace sextant::datapath {
namespace {

constexpr std::uint32_t kRepeat = 100'000;
constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;  // the same packets each time

void free_bench(bench_bpf* skeleton) noexcept { bench_bpf::destroy(skeleton); }

// Nanoseconds a packet. The kernel's own figure is in whole ones, so the clock is read here.
Result<double> run_once(int program, const std::vector<std::uint8_t>& frame) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = kRepeat);
  const auto begun = std::chrono::steady_clock::now();
  if (const int err = ::bpf_prog_test_run_opts(program, &options); err != 0) {
    return errno_failure("run a program over a packet", err);
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begun;
  return took.count() / kRepeat;
}

Cost cost_of(std::vector<double> rounds) {
  std::ranges::sort(rounds);
  return {.median = rounds[rounds.size() / 2], .least = rounds.front(), .most = rounds.back()};
}

std::uint64_t bytes_of(const std::vector<Datapath::MapUse>& uses) {
  std::uint64_t bytes = 0;
  for (const Datapath::MapUse& use : uses) bytes += use.bytes;
  return bytes;
}

}  // namespace

struct PacketBench::State {
  std::optional<Rows> rows{};
  std::optional<Tables> tables{};
  std::optional<Uplink> uplink{};
  CPtr<bench_bpf, free_bench> helpers{};

  int measured() const { return uplink->program_fd(true); }
  int nothing() const { return bpf_program__fd(helpers->progs.nothing); }
  int vary() const { return bpf_program__fd(helpers->progs.vary); }

  Result<> aim(int program) const {
    const std::uint32_t zero = 0;
    const int err = ::bpf_map_update_elem(bpf_map__fd(helpers->maps.target), &zero, &program, BPF_ANY);
    return err == 0 ? Result<>() : errno_failure("choose the program to measure", err);
  }

  // The program behind what varies the packet, or by itself.
  Result<double> run(int program, const PacketCase& of) const {
    if (of.variation == Variation{}) return run_once(program, of.frame);
    if (auto aimed = aim(program); !aimed) return Failure(std::move(aimed.error()));
    const Variation& v = of.variation;
    helpers->bss->variation = {.state = kSeed,
                               .source_hi = v.source_high,
                               .source_hi_mask = v.source_high_mask,
                               .source_lo_mask = v.source_low_mask,
                               .destination_lo = v.destination_low,
                               .destination_lo_mask = v.destination_low_mask,
                               .source_port = v.source_port,
                               .source_port_mask = v.source_port_mask,
                               .pad = 0};
    return run_once(vary(), of.frame);
  }
};

PacketBench::PacketBench(std::unique_ptr<State> state) : state_(std::move(state)) {}
PacketBench::PacketBench(PacketBench&&) noexcept = default;
PacketBench::~PacketBench() = default;

Result<PacketBench> PacketBench::create(const Sizes& sizes) {
  auto state = std::make_unique<State>();
  auto rows = Rows::create({});
  if (!rows) return Failure(std::move(rows.error()));
  state->rows.emplace(std::move(*rows));
  auto tables = Tables::create(sizes);
  if (!tables) return Failure(std::move(tables.error()));
  state->tables.emplace(std::move(*tables));
  auto uplink = Uplink::load(sizes, [&](bpf_object& object) -> Result<> {
    if (auto lent = state->rows->lend_to(object); !lent) return lent;
    return state->tables->lend_to(object);
  });
  if (!uplink) return Failure(std::move(uplink.error()));
  state->uplink.emplace(std::move(*uplink));
  state->helpers.reset(bench_bpf::open_and_load());
  if (!state->helpers) return errno_failure("load the benchmark's programs", errno);
  return PacketBench(std::move(state));
}

Result<> PacketBench::set_intent(const KernelIntent& intent) {
  auto left_out = state_->tables->set_intent(intent, [](auto) {});
  if (!left_out) return Failure(std::move(left_out.error()));
  if (!left_out->empty()) return failure("the intent does not fit: " + left_out->front());
  return {};
}

Result<Cost> PacketBench::measure(const PacketCase& of, int rounds) const {
  std::vector<double> net;
  for (int round = 0; round < rounds; ++round) {
    const auto with = state_->run(state_->measured(), of);
    if (!with) return Failure(with.error());
    const auto without = state_->run(state_->nothing(), of);
    if (!without) return Failure(without.error());
    net.push_back(*with - *without);
  }
  return cost_of(std::move(net));
}

Result<Cost> PacketBench::measure_hook(int rounds) const {
  const std::vector<PacketCase> cases = bench_cases();
  std::vector<double> costs;
  for (int round = 0; round < rounds; ++round) {
    const auto cost = run_once(state_->nothing(), cases.front().frame);
    if (!cost) return Failure(cost.error());
    costs.push_back(*cost);
  }
  return cost_of(std::move(costs));
}

std::uint64_t PacketBench::map_bytes() const {
  return bytes_of(state_->rows->use()) + bytes_of(state_->tables->use()) + bytes_of(state_->uplink->map_use());
}

}  // namespace sextant::datapath
