#include "agent/datapath/clsact.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "agent/base/c_ptr.h"

namespace sextant::datapath {
namespace {

constexpr std::uint32_t kHandle = 0x5e47a47;
constexpr std::uint32_t kPriority = 1;
constexpr std::string_view kProgramPrefix = "sextant_";  // of a program's name

bpf_tc_hook ingress_of(int ifindex) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = ifindex;
  hook.attach_point = BPF_TC_INGRESS;
  return hook;
}

bpf_tc_opts our_place() {
  bpf_tc_opts place{};
  place.sz = sizeof place;
  place.handle = kHandle;
  place.priority = kPriority;
  return place;
}

bool is_ours(std::uint32_t program_id) {
  const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  return program && bpf_prog_get_info_by_fd(program.get(), &info, &size) == 0 &&
         std::string_view(info.name).starts_with(kProgramPrefix);
}

bool has_our_filter(int ifindex) {
  const bpf_tc_hook hook = ingress_of(ifindex);
  bpf_tc_opts place = our_place();
  return bpf_tc_query(&hook, &place) == 0 && is_ours(place.prog_id);
}

int remove_filter(int ifindex) {
  const bpf_tc_hook hook = ingress_of(ifindex);
  const bpf_tc_opts place = our_place();
  return bpf_tc_detach(&hook, &place);
}

struct FilterDump {
  nlmsghdr header{};
  tcmsg filters{};
};

// Whether a direction of the device's clsact has a filter; true when the kernel does not say.
bool has_filters(int ifindex, std::uint32_t direction) {
  const UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return true;
  FilterDump ask{};
  ask.header = {.nlmsg_len = sizeof ask,
                .nlmsg_type = RTM_GETTFILTER,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                .nlmsg_seq = 1,
                .nlmsg_pid = 0};
  ask.filters.tcm_family = AF_UNSPEC;
  ask.filters.tcm_ifindex = ifindex;
  ask.filters.tcm_parent = TC_H_MAKE(TC_H_CLSACT, direction);
  if (::send(netlink.get(), &ask, sizeof ask, 0) != sizeof ask) return true;
  alignas(nlmsghdr) char answer[16'384];
  const ssize_t length = ::recv(netlink.get(), answer, sizeof answer, 0);
  if (length < static_cast<ssize_t>(sizeof(nlmsghdr))) return true;
  nlmsghdr first{};
  std::memcpy(&first, answer, sizeof first);
  return first.nlmsg_type != NLMSG_DONE;
}

void remove_qdisc_if_unused(int ifindex) {
  if (has_filters(ifindex, TC_H_MIN_INGRESS) || has_filters(ifindex, TC_H_MIN_EGRESS)) return;
  bpf_tc_hook hook = ingress_of(ifindex);
  hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
  bpf_tc_hook_destroy(&hook);
}

}  // namespace

Result<ClsactFilter> ClsactFilter::attach(int ifindex, int program_fd) {
  bpf_tc_hook hook = ingress_of(ifindex);
  const int made = bpf_tc_hook_create(&hook);
  if (made != 0 && made != -EEXIST) return errno_failure("make clsact", made);
  ClsactFilter filter(ifindex, made == 0);
  // A filter of the same handle is a stale one of ours. Replacing it would leave it at its place: it may be behind a
  // CNI's that came later.
  if (has_our_filter(ifindex)) remove_filter(ifindex);
  bpf_tc_opts place = our_place();
  place.prog_fd = program_fd;
  if (const int err = bpf_tc_attach(&hook, &place); err != 0) return errno_failure("attach to clsact", err);
  return filter;
}

ClsactFilter::ClsactFilter(ClsactFilter&& other) noexcept
    : ifindex_(std::exchange(other.ifindex_, 0)), made_qdisc_(other.made_qdisc_) {}

ClsactFilter& ClsactFilter::operator=(ClsactFilter&& other) noexcept {
  std::swap(ifindex_, other.ifindex_);
  std::swap(made_qdisc_, other.made_qdisc_);
  return *this;
}

ClsactFilter::~ClsactFilter() {
  if (ifindex_ == 0) return;
  if (is_attached()) remove_filter(ifindex_);
  if (made_qdisc_) remove_qdisc_if_unused(ifindex_);
}

bool ClsactFilter::is_attached() const { return has_our_filter(ifindex_); }

int clear_stale_filters() {
  int cleared = 0;
  const CPtr<struct if_nameindex, ::if_freenameindex> links(::if_nameindex());
  if (!links) return 0;
  for (const struct if_nameindex* link = links.get(); link->if_index != 0; ++link) {
    const auto ifindex = static_cast<int>(link->if_index);
    if (!has_our_filter(ifindex)) continue;
    remove_filter(ifindex);
    remove_qdisc_if_unused(ifindex);
    ++cleared;
  }
  return cleared;
}

}  // namespace sextant::datapath
