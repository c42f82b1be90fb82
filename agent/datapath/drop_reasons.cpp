#include "agent/datapath/drop_reasons.h"

#include <algorithm>
#include <cerrno>
#include <span>

#include <bpf/btf.h>

namespace sextant::datapath {
namespace {

constexpr std::string_view kReasonPrefix = "SKB_DROP_REASON_";
constexpr std::string_view kSubsystemPrefix = "SKB_DROP_REASON_SUBSYS_";

// The destination's own stack answers with a reset, an ICMPv6 error, or silence.
constexpr std::string_view kRefused[] = {"NO_SOCKET", "SOCKET_CLOSE", "IP_NOPROTO"};

// What anybody can cause by sending rubbish, what is not about this packet, and what died behind its socket (which the
// delivery witness saw).
constexpr std::string_view kIgnored[] = {
    // freed, but well
    "SKB_NOT_DROPPED_YET", "SKB_CONSUMED", "QUEUE_PURGE",
    // malformed, or too big for the path: the sender's doing
    "PKT_TOO_SMALL", "PKT_TOO_BIG", "UDP_CSUM", "SKB_CSUM", "ICMP_CSUM", "IP_CSUM", "IP_INHDR", "HDR_TRUNC",
    "SKB_GSO_SEG", "INVALID_PROTO", "IPV6_BAD_EXTHDR", "DUP_FRAG", "FRAG_REASM_TIMEOUT", "FRAG_TOO_FAR",
    // not for this host, or only a copy of the packet
    "OTHERHOST", "UNICAST_IN_L2_MULTICAST", "LOCAL_MAC", "PACKET_SOCK_ERROR", "TAP_FILTER", "TAP_TXFILTER",
    "BRIDGE_INGRESS_STP_STATE", "NO_TX_TARGET",
    // behind the socket: the process is slow
    "SOCKET_RCVBUFF", "SOCKET_BACKLOG", "PROTO_MEM", "SKB_UCOPY_FAULT", "UNIX_DISCONNECT", "UNIX_SKIP_OOB"};

// Of TCP's own reasons these two say that a new connection was stopped; the others are about a connection that is
// there already, or about a segment that makes no sense.
constexpr std::string_view kTcpDrops[] = {"TCP_LISTEN_OVERFLOW", "TCP_MINTTL"};

template <std::size_t N>
bool contains(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

std::span<const struct btf_enum> enumerators(const btf& kernel, const char* name) {
  const int id = btf__find_by_name_kind(&kernel, name, BTF_KIND_ENUM);
  if (id < 0) return {};
  const btf_type* type = btf__type_by_id(&kernel, static_cast<std::uint32_t>(id));
  return {::btf_enum(type), btf_vlen(type)};
}

std::string without_prefix(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return std::string(name);
}

// Numbers to names, as far as they are below `limit`: SUBSYS_MASK and its like are no reasons.
std::vector<std::string> names_of(const btf& kernel, const char* type, std::string_view prefix, std::size_t limit) {
  std::vector<std::string> names;
  for (const auto& [name, value] : enumerators(kernel, type)) {
    const auto number = static_cast<std::uint32_t>(value);
    if (number >= limit) continue;
    if (number >= names.size()) names.resize(number + 1);
    names[number] = without_prefix(btf__name_by_offset(&kernel, name), prefix);
  }
  return names;
}

}  // namespace

std::uint8_t death_of(std::string_view reason) {
  if (contains(kRefused, reason)) return DEATH_REFUSED;
  if (contains(kIgnored, reason)) return DEATH_IGNORED;
  if (contains(kTcpDrops, reason)) return DEATH_DROPPED;
  for (const std::string_view family : {"TCP_", "IPV6_NDISC_", "ARP_", "VXLAN_", "CAN_", "CANFD_", "CANXL_", "MAC_"}) {
    if (reason.starts_with(family)) return DEATH_IGNORED;
  }
  return DEATH_DROPPED;
}

std::uint8_t death_of_subsystem(std::string_view subsystem) {
  // A frame that the radio layer could not use is repeated by it, and a monitor's is a copy.
  return subsystem.starts_with("MAC80211") ? DEATH_IGNORED : DEATH_DROPPED;
}

Result<DropReasons> DropReasons::from(const btf& kernel) {
  DropReasons reasons;
  reasons.names_ = names_of(kernel, "skb_drop_reason", kReasonPrefix, DEATH_REASONS);
  if (reasons.names_.empty()) return failure("the kernel does not say why it drops packets (Linux 5.17 does)", ENOENT);
  reasons.subsystem_names_ = names_of(kernel, "skb_drop_reason_subsys", kSubsystemPrefix, DEATH_SUBSYSTEMS);
  for (std::size_t i = 0; i < reasons.names_.size(); ++i) reasons.deaths_[i] = death_of(reasons.names_[i]);
  for (std::size_t i = 0; i < reasons.subsystem_names_.size(); ++i) {
    reasons.subsystem_deaths_[i] = death_of_subsystem(reasons.subsystem_names_[i]);
  }
  return reasons;
}

std::string DropReasons::name(std::uint32_t reason) const {
  const std::uint32_t subsystem = reason >> DEATH_SUBSYSTEM_SHIFT;
  if (subsystem != 0) {
    const bool named = subsystem < subsystem_names_.size() && !subsystem_names_[subsystem].empty();
    return (named ? subsystem_names_[subsystem] : "SUBSYSTEM_" + std::to_string(subsystem)) + '_' +
           std::to_string(reason & ((1U << DEATH_SUBSYSTEM_SHIFT) - 1));
  }
  if (reason < names_.size() && !names_[reason].empty()) return names_[reason];
  return "REASON_" + std::to_string(reason);
}

}  // namespace sextant::datapath
