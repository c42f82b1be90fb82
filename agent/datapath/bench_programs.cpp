#include "agent/datapath/bench_programs.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent/base/c_ptr.h"
#include "agent/datapath/death.h"
#include "agent/datapath/delivery.h"
#include "agent/datapath/events.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "bpf/bench.h"
#include "bpf/books.h"
#include "bench.skel.h"
#include "death_bench.skel.h"

namespace sextant::datapath {
namespace {

constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr std::chrono::milliseconds kEventInterval{1000};

void free_bench(bench_bpf* skeleton) noexcept { bench_bpf::destroy(skeleton); }
void free_death_bench(death_bench_bpf* skeleton) noexcept { death_bench_bpf::destroy(skeleton); }

// Of this thread: what others on the machine take is none of the program's cost.
Result<std::chrono::duration<double, std::nano>> cpu_time() {
  timespec now{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return errno_failure("read the CPU time", errno);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

using DeathBench = CPtr<death_bench_bpf, free_death_bench>;

// The first reason that the witness takes for a drop.
std::uint32_t some_drop(const DropReasons& reasons) {
  constexpr std::size_t kNoReason = 2;  // SKB_NOT_DROPPED_YET, SKB_CONSUMED (include/net/dropreason-core.h)
  const auto& deaths = reasons.deaths();
  return static_cast<std::uint32_t>(std::find(deaths.begin() + kNoReason, deaths.end(), DEATH_DROPPED) -
                                    deaths.begin());
}

Result<DeathBench> load_death(const Lend& lend) {
  const auto reasons = death_reasons();
  if (!reasons) return Failure(reasons.error());
  DeathBench death(death_bench_bpf::open());
  if (!death) return errno_failure("open the death program", errno);
  std::ranges::copy(reasons->deaths(), death->rodata->deaths);
  std::ranges::copy(reasons->subsystem_deaths(), death->rodata->subsystem_deaths);
  if (auto lent = lend(*death->obj); !lent) return Failure(std::move(lent.error()));
  if (const int err = death_bench_bpf::load(death.get()); err != 0) {
    return errno_failure("load the death program for a test run (Linux 6.2)", err);
  }
  death->bss->reason = some_drop(*reasons);
  return death;
}

bool is_jited(int program) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  return ::bpf_prog_get_info_by_fd(program, &info, &size) == 0 && info.jited_prog_len > 0;
}

}  // namespace

Result<double> run_often(int program, const std::vector<std::uint8_t>& frame, std::uint32_t times) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = static_cast<int>(times));
  const auto begun = cpu_time();
  if (const int err = ::bpf_prog_test_run_opts(program, &options); err != 0) {
    return errno_failure("run a program over a packet", err);
  }
  const auto ended = cpu_time();
  if (!begun || !ended) return Failure(begun ? ended.error() : begun.error());
  return (*ended - *begun).count() / times;
}

struct BenchPrograms::State {
  std::optional<Rows> rows{};
  std::optional<Events> events{};
  std::optional<Tables> tables{};
  std::optional<Uplink> uplink{};
  std::optional<Delivery> delivery{};
  DeathBench death{};
  CPtr<bench_bpf, free_bench> helpers{};
  std::map<BenchHook, std::string> missing{};

  Lend lend() const {
    return [this](bpf_object& object) -> Result<> {
      if (auto lent = rows->lend_to(object); !lent) return lent;
      if (auto lent = events->lend_to(object); !lent) return lent;
      return tables->lend_to(object);
    };
  }

  Result<> make_maps(const Sizes& sizes) {
    auto made_rows = Rows::create({.rows = sizes.rows});
    if (!made_rows) return Failure(std::move(made_rows.error()));
    rows.emplace(std::move(*made_rows));
    auto made_events = Events::create(
        sizes.ring_bytes, {.row = [](const row_key&) {}, .stray = [](const stray_key&) {}, .sockets = [] {}});
    if (!made_events) return Failure(std::move(made_events.error()));
    events.emplace(std::move(*made_events));
    auto made_tables = Tables::create(sizes);
    if (!made_tables) return Failure(std::move(made_tables.error()));
    tables.emplace(std::move(*made_tables));
    return {};
  }

  Result<> load_uplink(const Sizes& sizes) {
    auto loaded = Uplink::load(sizes, lend());
    if (!loaded) return Failure(std::move(loaded.error()));
    uplink.emplace(std::move(*loaded));
    helpers.reset(bench_bpf::open_and_load());
    if (!helpers) return errno_failure("load the benchmark's programs", errno);
    helpers->bss->variation.state = kSeed;
    return {};
  }

  // Kernels differ in what else they can run.
  void load_others() {
    if (auto loaded = Delivery::load({.event_interval = kEventInterval}, lend())) {
      delivery.emplace(std::move(*loaded));
    } else {
      missing[BenchHook::kDelivery] = std::move(loaded.error().what);
    }
    if (auto loaded = load_death(lend())) {
      death = std::move(*loaded);
    } else {
      missing[BenchHook::kDeath] = std::move(loaded.error().what);
    }
  }

  int program_of(Run what, BenchHook hook) const {
    const bool nothing = what == Run::kNothing;
    switch (hook) {
      case BenchHook::kDelivery:
        return nothing ? bpf_program__fd(helpers->progs.nothing_delivered) : delivery->ingress_fd();
      case BenchHook::kDeath:
        return bpf_program__fd(nothing ? helpers->progs.nothing : death->progs.on_bench_death);
      default:
        return nothing ? bpf_program__fd(helpers->progs.nothing) : uplink->program_fd(true);
    }
  }

  // Puts what varies the packet before the program, and returns it.
  Result<int> behind_variation(int program, const Variation& v) const {
    const std::uint32_t zero = 0;
    if (const int err = ::bpf_map_update_elem(bpf_map__fd(helpers->maps.target), &zero, &program, BPF_ANY); err != 0) {
      return errno_failure("choose the program to measure", err);
    }
    helpers->bss->variation = to_kernel(v, helpers->bss->variation.state);
    return bpf_program__fd(helpers->progs.vary);
  }
};

bench_variation to_kernel(const Variation& v, std::uint64_t random_state) {
  return {.state = random_state,
          .source_hi = v.source_high,
          .source_hi_mask = v.source_high_mask,
          .source_lo_mask = v.source_low_mask,
          .destination_lo = v.destination_low,
          .destination_lo_mask = v.destination_low_mask,
          .source_port = v.source_port,
          .source_port_mask = v.source_port_mask,
          .pad = 0};
}

BenchPrograms::BenchPrograms(std::unique_ptr<State> state) : state_(std::move(state)) {}
BenchPrograms::BenchPrograms(BenchPrograms&&) noexcept = default;
BenchPrograms::~BenchPrograms() = default;

Result<BenchPrograms> BenchPrograms::load(const Sizes& sizes) {
  libbpf_set_print(nullptr);  // what fails is told by the results
  auto state = std::make_unique<State>();
  if (auto made = state->make_maps(sizes); !made) return Failure(std::move(made.error()));
  if (auto loaded = state->load_uplink(sizes); !loaded) return Failure(std::move(loaded.error()));
  state->load_others();
  return BenchPrograms(std::move(state));
}

Result<> BenchPrograms::set_intent(const KernelIntent& intent) {
  auto left_out = state_->tables->set_intent(intent, [](auto) {});
  if (!left_out) return Failure(std::move(left_out.error()));
  if (!left_out->empty()) return failure("the intent does not fit: " + left_out->front());
  return {};
}

const std::string& BenchPrograms::missing(BenchHook hook) const {
  static const std::string kThere;
  const auto found = state_->missing.find(hook);
  return found == state_->missing.end() ? kThere : found->second;
}

Result<double> BenchPrograms::run(Run what, const BenchPacket& packet, std::uint32_t times) const {
  const int program = state_->program_of(what, packet.hook);
  if (packet.variation == Variation{}) return run_often(program, packet.frame, times);
  const auto varied = state_->behind_variation(program, packet.variation);
  return varied ? run_often(*varied, packet.frame, times) : Failure(varied.error());
}

Result<std::vector<std::uint64_t>> BenchPrograms::fates() const {
  const auto counts = state_->uplink->counts();
  if (!counts) return Failure(counts.error());
  constexpr std::size_t kFates = FATE_COUNT, kCells = UPLINK_CELLS;
  std::vector<std::uint64_t> fates(kFates);
  for (const uplink_counts& slot : *counts) {
    for (std::size_t cell = 0; cell < kCells; ++cell) fates[cell / (kCells / kFates)] += slot.packets[cell];
  }
  return fates;
}

std::vector<Datapath::MapUse> BenchPrograms::map_use() const {
  std::vector<Datapath::MapUse> all = state_->tables->use();
  std::ranges::move(state_->uplink->map_use(), std::back_inserter(all));
  std::ranges::move(state_->rows->use(), std::back_inserter(all));
  return all;
}

bool BenchPrograms::is_compiled() const { return is_jited(state_->uplink->program_fd(true)); }

}  // namespace sextant::datapath
