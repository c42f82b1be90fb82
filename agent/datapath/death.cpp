#include "agent/datapath/death.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "agent/datapath/features.h"
#include "agent/datapath/map_use.h"
#include "bpf/tables.h"
#include "death.skel.h"

namespace sextant::datapath {
namespace {

constexpr unsigned kArgumentsWithReason = 3;  // skb, location, reason

}  // namespace

Result<DropReasons> death_reasons() {
  const CPtr<btf, btf__free> kernel(btf__load_vmlinux_btf());
  if (!kernel) return errno_failure("read the kernel's BTF", errno);
  if (!tracepoint_has_arguments(*kernel, "kfree_skb", kArgumentsWithReason)) {
    return failure("the tracepoint kfree_skb gives no reason (Linux 5.17 does)", EOPNOTSUPP);
  }
  return DropReasons::from(*kernel);
}

void free_death(death_bpf* skeleton) noexcept { death_bpf::destroy(skeleton); }

Result<Death> Death::load(std::chrono::milliseconds event_interval, const Lend& lend) {
  auto reasons = death_reasons();
  if (!reasons) return because("load the death program", std::move(reasons.error()));
  Skeleton skeleton(death_bpf::open());
  if (!skeleton) return errno_failure("open the death program", errno);
  skeleton->rodata->event_interval_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(event_interval).count());
  std::ranges::copy(reasons->deaths(), skeleton->rodata->deaths);
  std::ranges::copy(reasons->subsystem_deaths(), skeleton->rodata->subsystem_deaths);
  if (auto lent = lend(*skeleton->obj); !lent) return because("load the death program", std::move(lent.error()));
  if (const int err = death_bpf::load(skeleton.get()); err != 0) return errno_failure("load the death program", err);
  return Death(std::move(skeleton), std::move(*reasons));
}

Death::Death(Skeleton skeleton, DropReasons reasons) : skeleton_(std::move(skeleton)), reasons_(std::move(reasons)) {}

Result<> Death::attach() {
  link_.reset(bpf_program__attach(skeleton_->progs.on_death));
  if (!link_) return errno_failure("attach to the tracepoint kfree_skb", errno);
  attached_ = std::chrono::system_clock::now();
  return {};
}

WitnessStatus Death::status() const {
  WitnessStatus status{.witness = Witness::kDeath, .state = WitnessState::kStarting};
  for (const auto& program : use()) status.lost += program.events_lost + program.rows_lost;
  if (!link_) return status;
  status.state = WitnessState::kSees;
  status.covers = "packets dropped by the kernel, in every network namespace";
  status.since = attached_;
  return status;
}

std::vector<Datapath::ProgramUse> Death::use() const {
  auto use = program_use("death", bpf_program__fd(skeleton_->progs.on_death));
  use.events = read_counter(skeleton_->bss->events_told);
  use.events_lost = read_counter(skeleton_->bss->events_lost);
  use.rows_lost = read_counter(skeleton_->bss->rows_lost);
  use.agreeing_lost = read_counter(skeleton_->bss->agreeing_lost);
  return {use};
}

}  // namespace sextant::datapath
