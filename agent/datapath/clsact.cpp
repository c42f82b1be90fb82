#include "agent/datapath/clsact.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
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

struct FilterRequest {
  nlmsghdr header{};
  tcmsg filter{};
};

FilterRequest request_for(int ifindex, std::uint32_t direction, std::uint16_t flags) {
  FilterRequest request{};
  request.header = {.nlmsg_len = sizeof request,
                    .nlmsg_type = RTM_GETTFILTER,
                    .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
  request.filter.tcm_family = AF_UNSPEC;
  request.filter.tcm_ifindex = ifindex;
  request.filter.tcm_parent = TC_H_MAKE(TC_H_CLSACT, direction);
  return request;
}

struct Answer {
  std::uint16_t type = NLMSG_ERROR;
  std::string body{};
};

// The first message of the answer. libbpf's queries say a program's id, and only CAP_SYS_ADMIN makes anything of that.
std::optional<Answer> ask(const FilterRequest& request) {
  const UniqueFd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink || ::send(netlink.get(), &request, sizeof request, 0) != sizeof request) return std::nullopt;
  std::string buffer(16'384, 0);
  const ssize_t length = ::recv(netlink.get(), buffer.data(), buffer.size(), 0);
  nlmsghdr header{};
  if (length < static_cast<ssize_t>(sizeof header)) return std::nullopt;
  std::memcpy(&header, buffer.data(), sizeof header);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > static_cast<std::size_t>(length)) return std::nullopt;
  return Answer{.type = header.nlmsg_type, .body = buffer.substr(sizeof header, header.nlmsg_len - sizeof header)};
}

// What the first attribute of a type holds; empty: there is none.
std::string_view attribute(std::string_view attributes, unsigned type) {
  rtattr header{};
  while (attributes.size() >= sizeof header) {
    std::memcpy(&header, attributes.data(), sizeof header);
    if (header.rta_len < sizeof header || header.rta_len > attributes.size()) break;
    if ((header.rta_type & NLA_TYPE_MASK) == type)
      return attributes.substr(sizeof header, header.rta_len - sizeof header);
    attributes.remove_prefix(std::min<std::size_t>(RTA_ALIGN(header.rta_len), attributes.size()));
  }
  return {};
}

// By handle, priority, and the name that libbpf gave it: "PROGRAM:[ID]" (tc_add_fd_and_name, netlink.c).
bool has_our_filter(int ifindex) {
  FilterRequest request = request_for(ifindex, TC_H_MIN_INGRESS, 0);
  request.filter.tcm_handle = kHandle;
  request.filter.tcm_info = TC_H_MAKE(kPriority << 16U, htons(ETH_P_ALL));
  const auto answer = ask(request);
  if (!answer || answer->type != RTM_NEWTFILTER || answer->body.size() < sizeof(tcmsg)) return false;
  const auto attributes = std::string_view(answer->body).substr(NLMSG_ALIGN(sizeof(tcmsg)));
  return attribute(attribute(attributes, TCA_OPTIONS), TCA_BPF_NAME).starts_with(kProgramPrefix);
}

int remove_filter(int ifindex) {
  const bpf_tc_hook hook = ingress_of(ifindex);
  const bpf_tc_opts place = our_place();
  return bpf_tc_detach(&hook, &place);
}

// Whether a direction of the device's clsact has a filter; true when the kernel does not say.
bool has_filters(int ifindex, std::uint32_t direction) {
  const auto answer = ask(request_for(ifindex, direction, NLM_F_DUMP));
  return !answer || answer->type != NLMSG_DONE;
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
