// The death witness: bpf/death.bpf.c at the tracepoint kfree_skb. A packet that it counts died in this kernel, and the
// kernel says why.
//
// Not visible: what a driver or XDP drops before there is an skb, and, on kernels before 5.17, anything: they give no
// reason, and without one a refusal cannot be told from a drop. Owns the program and its link.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/drop_reasons.h"
#include "agent/datapath/shared_maps.h"

struct bpf_link;
struct death_bpf;
extern "C" int bpf_link__destroy(bpf_link* link);

namespace sextant::datapath {

void free_death(death_bpf* skeleton) noexcept;

// What this kernel's reasons are. Errors: the tracepoint gives none (before Linux 5.17), or there is no BTF.
Result<DropReasons> death_reasons();

class Death {
 public:
  // Loads the program, attaches nothing. Needs CAP_BPF and CAP_PERFMON.
  static Result<Death> load(std::chrono::milliseconds event_interval, const Lend& lend);

  // From here on packets are seen.
  Result<> attach();

  // The kernel's name of a reason: "NETFILTER_DROP". A number that it does not name: "REASON_300".
  std::string reason_name(std::uint32_t reason) const { return reasons_.name(reason); }

  WitnessStatus status() const;
  std::vector<Datapath::ProgramUse> use() const;

 private:
  using Skeleton = CPtr<death_bpf, free_death>;
  using Link = CPtr<bpf_link, bpf_link__destroy>;
  Death(Skeleton skeleton, DropReasons reasons);

  Skeleton skeleton_;
  DropReasons reasons_;
  Link link_;
  Time attached_{};
};

}  // namespace sextant::datapath
