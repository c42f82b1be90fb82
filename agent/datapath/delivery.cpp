#include "agent/datapath/delivery.h"

#include <cerrno>
#include <random>
#include <utility>

#include <bpf/libbpf.h>
#include <fcntl.h>

#include "agent/datapath/cgroups.h"
#include "agent/datapath/kernel_clock.h"
#include "agent/datapath/map_use.h"
#include "bpf/books.h"
#include "bpf/tables.h"
#include "delivery.skel.h"

namespace sextant::datapath {
namespace {

constexpr std::chrono::seconds kLookedAtAgain{1};  // a UDP flow that goes as intended, however busy it is

}  // namespace

void free_delivery(delivery_bpf* skeleton) noexcept { delivery_bpf::destroy(skeleton); }

Result<Delivery> Delivery::load(const Config& config, const Lend& lend) {
  Skeleton skeleton(delivery_bpf::open());
  if (!skeleton) return errno_failure("open the delivery programs", errno);
  skeleton->rodata->event_interval_ns =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(config.event_interval).count());
  std::random_device device;
  skeleton->rodata->flow_seed = static_cast<std::uint64_t>(device()) << 32U | device();
  skeleton->rodata->flow_idle_jiffies = KernelClock::in_jiffies(kLookedAtAgain);
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_failure("count the CPUs", cpus);
  bpf_map__set_max_entries(skeleton->maps.known_flows, static_cast<std::uint32_t>(cpus) * FLOWS_PER_CPU);
  if (auto lent = lend(*skeleton->obj); !lent) return because("load the delivery programs", std::move(lent.error()));
  if (const int err = delivery_bpf::load(skeleton.get()); err != 0) {
    return errno_failure("load the delivery programs", err);
  }
  return Delivery(config, std::move(skeleton));
}

Delivery::Delivery(Config config, Skeleton skeleton) : config_(std::move(config)), skeleton_(std::move(skeleton)) {}

Result<> Delivery::attach() {
  const UniqueFd cgroup(::open(config_.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup) return errno_failure("open cgroup " + config_.cgroup, errno);
  // Egress first: it must know the flows that begin here before answers to them are judged.
  egress_.reset(bpf_program__attach_cgroup(skeleton_->progs.on_sent, cgroup.get()));
  if (!egress_) return errno_failure("attach to the egress of cgroup " + config_.cgroup, errno);
  ingress_.reset(bpf_program__attach_cgroup(skeleton_->progs.on_delivered, cgroup.get()));
  if (!ingress_) return errno_failure("attach to the ingress of cgroup " + config_.cgroup, errno);
  attached_ = std::chrono::system_clock::now();
  return {};
}

WitnessStatus Delivery::status() const {
  WitnessStatus status{.witness = Witness::kDelivery, .state = WitnessState::kStarting};
  for (const auto& program : use()) status.lost += program.events_lost + program.rows_lost;
  if (!ingress_) return status;
  status.since = attached_;
  if (is_cgroup_root(config_.cgroup)) {
    status.state = WitnessState::kSees;
    status.covers = "sockets of every cgroup";
  } else {
    status.state = WitnessState::kBlind;
    status.covers = "sockets below cgroup " + config_.cgroup;
    status.reason = config_.cgroup + " is not the root of the node's cgroups: mount the host's /sys/fs/cgroup";
  }
  return status;
}

std::vector<Datapath::ProgramUse> Delivery::use() const {
  auto ingress = program_use("delivery", ingress_fd());
  ingress.events = read_counter(skeleton_->bss->events_told);
  ingress.events_lost = read_counter(skeleton_->bss->events_lost);
  ingress.rows_lost = read_counter(skeleton_->bss->rows_lost);
  ingress.agreeing_lost = read_counter(skeleton_->bss->agreeing_lost);
  return {ingress, program_use("delivery_egress", egress_fd())};
}

std::vector<Datapath::MapUse> Delivery::map_use() const {
  return {datapath::map_use("delivered_flows", bpf_map__fd(skeleton_->maps.known_flows))};
}

int Delivery::ingress_fd() const { return bpf_program__fd(skeleton_->progs.on_delivered); }
int Delivery::egress_fd() const { return bpf_program__fd(skeleton_->progs.on_sent); }

}  // namespace sextant::datapath
