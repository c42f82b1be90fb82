#include "agent/datapath/uplinks.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <bpf/bpf.h>
#include <linux/capability.h>

#include "bpf/books.h"

namespace sextant::datapath {
namespace {

constexpr Protocol kBookProtocols[BOOK_PROTOCOLS] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6,
                                                     Protocol::kAny};

bool tcx_is_attached(int link) {
  bpf_link_info info{};
  std::uint32_t size = sizeof info;
  return bpf_link_get_info_by_fd(link, &info, &size) == 0 && info.tcx.ifindex != 0;
}

void add(std::vector<std::uint64_t>& sum, const std::vector<std::uint64_t>& counts) {
  sum.resize(UPLINK_CELLS);
  for (std::size_t i = 0; i < counts.size(); ++i) sum[i] += counts[i];
}

void list(const std::string& uplink, const std::vector<std::uint64_t>& counts, std::vector<UplinkCount>& out) {
  for (std::uint32_t fate = 0; fate < FATE_COUNT; ++fate) {
    for (std::uint32_t verdict = 0; verdict < VERDICT_COUNT; ++verdict) {
      for (std::uint32_t book = 0; book < BOOK_PROTOCOLS; ++book) {
        const std::uint64_t packets = counts[uplink_cell(fate, verdict, book)];
        if (packets == 0) continue;
        out.push_back({.uplink = uplink,
                       .fate = static_cast<PacketFate>(fate),
                       .verdict = static_cast<Verdict>(verdict),
                       .protocol = kBookProtocols[book],
                       .packets = packets});
      }
    }
  }
}

}  // namespace

Uplinks::Uplinks(const Uplink& program, Tables& tables, Hook use)
    : program_(program), tables_(tables), use_(use), used_up_(UPLINK_SLOTS, Counts(UPLINK_CELLS)) {
  if (use_ == Hook::kClsact) clear_stale_filters();
}

Uplinks::Hook Uplinks::best_hook() {
  constexpr int kLoopback = 1;  // in every network namespace
  LIBBPF_OPTS(bpf_prog_query_opts, options);
  return bpf_prog_query_opts(kLoopback, BPF_TCX_INGRESS, &options) == 0 ? Hook::kTcx : Hook::kClsact;
}

bool Uplinks::Attachment::is_attached() const {
  if (tcx) return tcx_is_attached(tcx.get());
  return filter && filter->is_attached();
}

void Uplinks::set(const std::vector<Link>& uplinks) {
  const auto is_same = [](const Link& a, const Link& b) {
    return a.index == b.index && a.name == b.name && a.has_ethernet == b.has_ethernet;
  };
  std::erase_if(attachments_, [&](const Attachment& old) {
    if (std::ranges::any_of(uplinks, [&](const Link& link) { return is_same(link, old.link); })) return false;
    retire(old);
    return true;
  });
  trouble_.clear();
  for (const Link& link : uplinks) {
    if (std::ranges::any_of(attachments_, [&](const Attachment& old) { return is_same(link, old.link); })) continue;
    const auto slot = free_slot();
    if (!slot) {
      trouble_ = "no room for more than " + std::to_string(kMax) + " uplinks: " + link.name + " is not watched";
      continue;
    }
    attachments_.push_back({.link = link, .slot = *slot});
  }
  tell_slots();
  told_any_ = true;
  for (Attachment& attachment : attachments_) {
    if (!attachment.is_attached()) attach(attachment);
  }
  note_state();
}

bool Uplinks::tend() {
  for (Attachment& attachment : attachments_) {
    if (!attachment.is_attached()) attach(attachment);
  }
  const WitnessStatus before = last_;
  note_state();
  return before.state != last_.state || before.covers != last_.covers || before.reason != last_.reason;
}

Capabilities Uplinks::needed_to_attach() const { return use_ == Hook::kTcx ? 0 : capability(CAP_NET_ADMIN); }

void Uplinks::attach(Attachment& attachment) {
  attachment.tcx = UniqueFd();
  attachment.filter.reset();
  const auto attached = use_ == Hook::kTcx ? attach_tcx(attachment) : attach_clsact(attachment);
  attachment.problem = attached ? "" : attachment.link.name + ": " + attached.error().what;
}

Result<> Uplinks::attach_tcx(Attachment& attachment) {
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = BPF_F_BEFORE);
  const int link = bpf_link_create(program_.program_fd(attachment.link.has_ethernet), attachment.link.index,
                                   BPF_TCX_INGRESS, &options);
  if (link < 0) return errno_failure("attach to tcx", link);
  attachment.tcx = UniqueFd(link);
  return {};
}

Result<> Uplinks::attach_clsact(Attachment& attachment) {
  auto filter = ClsactFilter::attach(attachment.link.index, program_.program_fd(attachment.link.has_ethernet));
  if (!filter) return Failure(std::move(filter.error()));
  attachment.filter = std::move(*filter);
  return {};
}

std::optional<std::uint32_t> Uplinks::free_slot() const {
  for (std::uint32_t slot = 1; slot < UPLINK_SLOTS; ++slot) {
    if (std::ranges::none_of(attachments_, [&](const Attachment& a) { return a.slot == slot; })) return slot;
  }
  return std::nullopt;
}

// The counters of the slot stay as they are; what they hold belongs to this uplink, and what comes later to the next.
void Uplinks::retire(const Attachment& attachment) {
  const auto counts = program_.counts();
  if (!counts) return;
  Counts now(std::begin((*counts)[attachment.slot].packets), std::end((*counts)[attachment.slot].packets));
  Counts& used_up = used_up_[attachment.slot];
  Counts own(UPLINK_CELLS);
  std::ranges::transform(now, used_up, own.begin(), std::minus{});
  used_up = std::move(now);
  const bool is_known = gone_.contains(attachment.link.name) || gone_.size() < kGone;
  add(gone_[is_known ? attachment.link.name : "other"], own);
}

// Before a program is attached, so that its first packet finds its slot.
void Uplinks::tell_slots() {
  std::vector<Tables::UplinkSlot> slots;
  for (const Attachment& attachment : attachments_) {
    slots.push_back({.ifindex = static_cast<std::uint32_t>(attachment.link.index), .slot = attachment.slot});
  }
  if (auto told = tables_.set_uplinks(slots); !told) trouble_ = told.error().what;
}

Result<std::vector<UplinkCount>> Uplinks::counts() const {
  auto slots = program_.counts();
  if (!slots) return Failure(std::move(slots.error()));
  const auto own = [&](std::uint32_t slot) {
    Counts counts(UPLINK_CELLS);
    std::ranges::transform((*slots)[slot].packets, used_up_[slot], counts.begin(), std::minus{});
    return counts;
  };
  std::map<std::string, Counts> sums = gone_;
  for (const Attachment& attachment : attachments_) add(sums[attachment.link.name], own(attachment.slot));
  add(sums["unknown"], own(0));
  std::vector<UplinkCount> counts;
  for (const auto& [name, sum] : sums) list(name, sum, counts);
  return counts;
}

WitnessStatus Uplinks::look() const {
  WitnessStatus status{.witness = Witness::kUplink, .state = WitnessState::kSees};
  std::string names;
  for (const Attachment& attachment : attachments_) {
    if (!attachment.is_attached()) {
      status.state = WitnessState::kBlind;
      status.reason +=
          (status.reason.empty() ? "" : "; ") +
          (attachment.problem.empty() ? attachment.link.name + ": detached by another program" : attachment.problem);
      continue;
    }
    names += (names.empty() ? "" : ", ") + attachment.link.name;
  }
  if (!trouble_.empty()) {
    status.state = WitnessState::kBlind;
    status.reason += (status.reason.empty() ? "" : "; ") + trouble_;
  }
  if (attachments_.empty()) {
    status.state = told_any_ ? WitnessState::kAbsent : WitnessState::kStarting;
    status.reason = told_any_ ? "there is no uplink: no interface holds an IPv6 default route" : "";
  }
  if (!names.empty()) status.covers = (names.contains(',') ? "uplinks " : "uplink ") + names;
  if (!names.empty() && use_ == Hook::kClsact) status.covers += " (clsact: this kernel has no TCX)";
  return status;
}

void Uplinks::note_state() {
  WitnessStatus now = look();
  now.since = now.state == last_.state && last_.since != Time{} ? last_.since : std::chrono::system_clock::now();
  last_ = std::move(now);
}

WitnessStatus Uplinks::status() const {
  WitnessStatus now = look();
  now.since = now.state == last_.state ? last_.since : std::chrono::system_clock::now();
  return now;
}

}  // namespace sextant::datapath
