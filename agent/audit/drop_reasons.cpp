#include "agent/audit/drop_reasons.h"

#include <algorithm>
#include <array>

namespace sextant::audit {
namespace {

// include/net/dropreason-core.h
constexpr std::array<std::string_view, 9> kWalls{"NETFILTER_DROP", "XDP",           "TC_INGRESS",
                                                 "TC_EGRESS",      "SECURITY_HOOK", "XFRM_POLICY",
                                                 "IP_RPFILTER",    "IP_INNOROUTES", "IP_OUTNOROUTES"};
constexpr std::array<std::string_view, 13> kPacketsFault{
    "PKT_TOO_SMALL", "TCP_CSUM",  "UDP_CSUM",        "ICMP_CSUM", "SKB_CSUM",        "IP_CSUM",           "IP_INHDR",
    "HDR_TRUNC",     "TCP_FLAGS", "TCP_INVALID_SYN", "DUP_FRAG",  "IPV6_BAD_EXTHDR", "FRAG_REASM_TIMEOUT"};

bool among(std::string_view reason, const auto& reasons) { return std::ranges::find(reasons, reason) != reasons.end(); }

}  // namespace

DropNature nature_of(std::string_view reason) {
  constexpr std::string_view kPrefix = "SKB_DROP_REASON_";
  if (reason.starts_with(kPrefix)) reason.remove_prefix(kPrefix.size());
  if (reason.empty() || reason == "NOT_SPECIFIED") return DropNature::kUntold;
  if (reason == "NO_SOCKET") return DropNature::kNoSocket;
  if (among(reason, kWalls)) return DropNature::kWall;
  return among(reason, kPacketsFault) ? DropNature::kItsOwn : DropNature::kOther;
}

}  // namespace sextant::audit
