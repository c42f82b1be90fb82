// Where the uplink programs are attached: at the ingress of every uplink, before whatever else is there.
//
// By a TCX link at the head of the chain, or, where the kernel has no TCX, by a clsact filter (clsact.h). Both are gone
// when this is; a TCX link also when the process dies. Counts are told by the name of the uplink, and survive its being
// deleted and made again.
// Thread: as the caller's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/capabilities.h"
#include "agent/base/result.h"
#include "agent/datapath/clsact.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "agent/model/network.h"
#include "agent/model/observation.h"

namespace sextant::datapath {

class Uplinks {
 public:
  static constexpr std::size_t kMax = UPLINK_SLOTS - 1;
  static constexpr std::size_t kGone = 64;  // names that are remembered; the counts of others go to "other"
  enum class Hook : std::uint8_t { kTcx, kClsact };

  // What this kernel has.
  static Hook best_hook();

  // Both must outlive this. Takes away the filters that earlier processes left when `use` is kClsact.
  Uplinks(const Uplink& program, Tables& tables, Hook use = best_hook());

  // Attaches to those that are new, detaches from those that are not named. What fails is told by status().
  void set(const std::vector<Link>& uplinks);
  // Attaches again where somebody detached us, and tries again where it failed. Whether anything changed. To be called
  // about once a second.
  bool tend();

  // What attaching to an uplink asks of this process: nothing for a TCX link, whose program is loaded already
  // (tcx_link_attach, kernel/bpf/tcx.c); CAP_NET_ADMIN for a filter (tc_ctl_tfilter, net/sched/cls_api.c).
  Capabilities needed_to_attach() const;

  // Counts of every uplink there is or was. Those of "unknown" arrived where no uplink was named yet.
  Result<std::vector<UplinkCount>> counts() const;
  WitnessStatus status() const;

 private:
  struct Attachment {
    Link link{};
    std::uint32_t slot = 0;
    UniqueFd tcx{};
    std::optional<ClsactFilter> filter{};
    std::string problem{};  // why it is not attached
    bool is_attached() const;
  };
  using Counts = std::vector<std::uint64_t>;  // by uplink_cell()

  void attach(Attachment& attachment);
  Result<> attach_tcx(Attachment& attachment);
  Result<> attach_clsact(Attachment& attachment);
  void retire(const Attachment& attachment);
  std::optional<std::uint32_t> free_slot() const;
  void tell_slots();
  void note_state();
  WitnessStatus look() const;

  const Uplink& program_;
  Tables& tables_;
  Hook use_;
  std::vector<Attachment> attachments_{};
  std::string trouble_{};                 // of all, not of one
  std::map<std::string, Counts> gone_{};  // by name
  std::vector<Counts> used_up_;           // by slot: what belongs to earlier holders
  WitnessStatus last_{};
  bool told_any_ = false;
};

}  // namespace sextant::datapath
