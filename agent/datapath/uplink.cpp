#include "agent/datapath/uplink.h"

#include <bit>
#include <cerrno>
#include <random>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent/datapath/kernel_clock.h"
#include "agent/datapath/map_use.h"
#include "uplink.skel.h"

namespace sextant::datapath {
namespace {

static_assert(FATE_NOT_IPV6 == static_cast<int>(PacketFate::kNotIpv6));
static_assert(FATE_OTHER_DESTINATION == static_cast<int>(PacketFate::kOtherDestination));
static_assert(FATE_ESTABLISHED == static_cast<int>(PacketFate::kEstablished));
static_assert(FATE_KNOWN_FLOW == static_cast<int>(PacketFate::kKnownFlow));
static_assert(FATE_JUDGED == static_cast<int>(PacketFate::kJudged));
static_assert(FATE_LATER_FRAGMENT == static_cast<int>(PacketFate::kLaterFragment));
static_assert(FATE_MALFORMED == static_cast<int>(PacketFate::kMalformed));
static_assert(FATE_UNSUPPORTED_HEADER == static_cast<int>(PacketFate::kUnsupportedHeader));
static_assert(FATE_NOT_PUBLIC == static_cast<int>(PacketFate::kNotPublic));
static_assert(FATE_ANSWER == static_cast<int>(PacketFate::kAnswer));
static_assert(FATE_CONTROL == static_cast<int>(PacketFate::kControl));
static_assert(FATE_COUNT == static_cast<int>(PacketFate::kCount));

constexpr std::string_view kDoing = "load the uplink programs";
constexpr std::uint32_t kMaxAttempts = 1U << 22U;

// A full bank leaves every second bucket free, so that nearly every cell is found in reach.
std::uint32_t attempt_buckets(std::uint32_t attempts) { return std::bit_ceil(attempts * 2); }

std::uint64_t random_seed(std::random_device& device) { return static_cast<std::uint64_t>(device()) << 32U | device(); }

}  // namespace

void free_uplink(uplink_bpf* skeleton) noexcept { uplink_bpf::destroy(skeleton); }

Uplink::Uplink(Skeleton skeleton, const Sizes& sizes, std::uint32_t cpus)
    : skeleton_(std::move(skeleton)), endpoints_(sizes.endpoints), attempts_(sizes.attempts), cpus_(cpus) {}

Result<Uplink> Uplink::load(const Sizes& sizes, const Lend& lend) {
  if (sizes.attempts == 0 || sizes.attempts > kMaxAttempts) {
    return failure(std::string(kDoing) + ": attempts must be 1 to 4194304");
  }
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_failure("count the CPUs", cpus);
  const auto cpu_count = static_cast<std::uint32_t>(cpus);
  Skeleton skeleton(uplink_bpf::open(nullptr));
  if (!skeleton) return errno_failure("open the uplink programs", errno);

  std::random_device device;
  skeleton->rodata->book_seed = random_seed(device);
  skeleton->rodata->flow_seed = random_seed(device);
  skeleton->rodata->flow_idle_jiffies = KernelClock::in_jiffies(kFlowIdle);
  skeleton->rodata->book_cpus = cpu_count;
  skeleton->rodata->attempt_mask = attempt_buckets(sizes.attempts) - 1;
  skeleton->rodata->attempt_limit = sizes.attempts;
  const auto& maps = skeleton->maps;
  bpf_map__set_max_entries(maps.attempts, ATTEMPT_BANKS * attempt_buckets(sizes.attempts));
  bpf_map__set_max_entries(maps.attempts_rest, endpoint_slots(sizes.endpoints) * ATTEMPT_REST_CELLS);
  bpf_map__set_max_entries(maps.source_sketch, SKETCH_TABLES * cpu_count * SKETCH_SETS);
  bpf_map__set_max_entries(maps.known_flows, cpu_count * FLOWS_PER_CPU);
  if (auto lent = lend(*skeleton->obj); !lent) return because(kDoing, std::move(lent.error()));
  if (const int err = uplink_bpf::load(skeleton.get()); err != 0) return errno_failure(kDoing, err);
  return Uplink(std::move(skeleton), sizes, cpu_count);
}

int Uplink::program_fd(bool has_ethernet) const {
  return bpf_program__fd(has_ethernet ? skeleton_->progs.sextant_uplink : skeleton_->progs.sextant_l3_uplink);
}

Result<std::vector<uplink_counts>> Uplink::counts() const {
  std::vector<uplink_counts> sums(UPLINK_SLOTS);
  std::vector<uplink_counts> of_cpus(cpus_);
  for (std::uint32_t slot = 0; slot < UPLINK_SLOTS; ++slot) {
    const int err = bpf_map__lookup_elem(skeleton_->maps.uplink_books, &slot, sizeof slot, of_cpus.data(),
                                         of_cpus.size() * sizeof(uplink_counts), 0);
    if (err != 0) return errno_failure("read the uplink counters", err);
    for (const uplink_counts& cpu : of_cpus) {
      for (std::size_t cell = 0; cell < UPLINK_CELLS; ++cell) sums[slot].packets[cell] += cpu.packets[cell];
    }
  }
  return sums;
}

AttemptMaps Uplink::attempt_maps() const {
  return {.cells = bpf_map__fd(skeleton_->maps.attempts),
          .rest = bpf_map__fd(skeleton_->maps.attempts_rest),
          .slots = endpoint_slots(endpoints_),
          .buckets = attempt_buckets(attempts_),
          .limit = attempts_,
          .bank_in_use = &skeleton_->bss->attempt_bank_in_use,
          .banks = skeleton_->bss->attempt_banks};
}

SourceSketch Uplink::source_sketch() const { return SourceSketch(bpf_map__fd(skeleton_->maps.source_sketch), cpus_); }

std::vector<Datapath::MapUse> Uplink::map_use() const {
  std::vector<Datapath::MapUse> uses;
  const auto& maps = skeleton_->maps;
  for (const bpf_map* map :
       {maps.attempts, maps.attempts_rest, maps.source_sketch, maps.known_flows, maps.uplink_books}) {
    uses.push_back(datapath::map_use(bpf_map__name(map), bpf_map__fd(map)));
  }
  const AttemptMaps attempts = attempt_maps();
  uses.front().entries = attempts.banks[*attempts.bank_in_use % ATTEMPT_BANKS].used;
  uses.front().capacity = attempts_;
  return uses;
}

std::vector<Datapath::ProgramUse> Uplink::program_use() const {
  return {datapath::program_use("uplink", program_fd(true)), datapath::program_use("uplink_l3", program_fd(false))};
}

}  // namespace sextant::datapath
