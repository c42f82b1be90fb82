// SXT009: a packet that a rule allows was dropped, with the kernel's reason.
#include <algorithm>
#include <array>

#include "agent/audit/observed_finding.h"
#include "agent/audit/rules.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// The packet itself was at fault, not what it met on its way: no network owes its delivery.
bool packet_at_fault(std::string_view drop_reason) {
  // include/net/dropreason-core.h
  static constexpr std::array<std::string_view, 13> kReasons{
      "PKT_TOO_SMALL", "TCP_CSUM",   "UDP_CSUM",     "ICMP_CSUM", "SKB_CSUM",        "IP_CSUM",  "IP_INHDR",
      "HDR_TRUNC",     "TCP_FLAGS",  "TCP_INVALID_SYN", "DUP_FRAG",  "IPV6_BAD_EXTHDR", "FRAG_REASM_TIMEOUT"};
  constexpr std::string_view kPrefix = "SKB_DROP_REASON_";
  if (drop_reason.starts_with(kPrefix)) drop_reason.remove_prefix(kPrefix.size());
  return std::ranges::find(kReasons, drop_reason) != kReasons.end();
}

std::string reason_of(const RowObservation& row) { return row.drop_reason.empty() ? "no reason given" : row.drop_reason; }

}  // namespace

std::optional<Claim> unintended_drop(const Picture& picture, const ObservedRow& observed) {
  const RowObservation& row = observed.seen;
  if (!reachable(row.intended) || observed.fresh_dropped() == 0 || !newest_refused(row)) return std::nullopt;
  if (packet_at_fault(row.drop_reason)) return std::nullopt;
  const auto judged = picture.judge(row);
  if (!judged || judged->cell == nullptr || stance_of(*judged->cell) != Stance::kAllowedByRule) return std::nullopt;
  if (picture.before_settled(row, *judged, row.last_dropped)) return std::nullopt;

  Claim claim = claim_about(picture, row, *judged, kUnintendedDrop);
  const std::string allowing = texts::policies(judged->cell->policies);
  claim.message = row.key.endpoint.to_string() + " " + texts::port(row.key.protocol, row.key.port) +
                  " did not get a packet from " + texts::source(*judged->observed_class) + " that " +
                  (allowing.empty() ? "a policy" : allowing) + " allows: the kernel dropped it (" + reason_of(row) + ")";
  claim.evidence[1] = {.witness = Witness::kObserved,
                       .verdict = Verdict::kDeny,
                       .detail = "a packet from " + row.sample.to_string() + " was dropped: " + reason_of(row)};
  claim.packets = PacketEvidence{.last = row.last_dropped, .fresh = observed.fresh_dropped()};
  return claim;
}

std::optional<std::string> unintended_drop_over(const Picture& picture, const Finding& finding, Time now,
                                                Duration steady) {
  if (auto gone = endpoint_gone(picture, finding)) return gone;
  if (const auto* cell = cell_now(picture, finding)) {
    switch (stance_of(*cell)) {
      case Stance::kDenied: return "it is denied by intent now: " + texts::intended(*cell).detail;
      case Stance::kAllowedByDefault: return "no rule allows it any more: " + texts::intended(*cell).detail;
      case Stance::kAllowedByRule:
      case Stance::kUnknown: break;
    }
  }
  const auto latest = newest_of(picture, finding);
  if (!latest || now - finding.last_seen < steady) return std::nullopt;
  if (newest_delivered(*latest) && latest->last_delivered > finding.last_seen) {
    return "a later packet was delivered, as intended";
  }
  if (found_no_socket(latest->drop_reason) && latest->last_dropped > finding.last_seen) {
    return "a later packet was let through, and found no socket";
  }
  return std::nullopt;
}

}  // namespace sextant::audit
