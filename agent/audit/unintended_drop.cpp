// SXT009: a packet that a rule allows was dropped, with the kernel's reason.
#include "agent/audit/drop_reasons.h"
#include "agent/audit/observed_finding.h"
#include "agent/audit/rules.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// Somebody who should get in did not. A port on which nobody listens, a broken packet, or one that died for no reason
// given says nothing against the network.
bool owed(const RowObservation& row) {
  const DropNature nature = nature_of(row.drop_reason);
  return nature == DropNature::kWall || nature == DropNature::kOther;
}

}  // namespace

std::optional<Claim> unintended_drop(const Picture& picture, const ObservedRow& observed) {
  const RowObservation& row = observed.seen;
  if (!reachable(row.intended) || observed.fresh_dropped() == 0) return std::nullopt;
  if (!newest_dropped(row) || !owed(row)) return std::nullopt;
  const auto judged = picture.judge(row);
  if (!judged || judged->cell == nullptr || stance_of(*judged->cell) != Stance::kAllowedByRule) return std::nullopt;
  if (picture.before_settled(row, *judged, row.last_dropped)) return std::nullopt;

  Claim claim = claim_about(picture, row, *judged, kUnintendedDrop);
  const std::string allowing = texts::policies(judged->cell->policies);
  claim.message = row.key.endpoint.to_string() + " " + texts::port(row.key.protocol, row.key.port) +
                  " did not get a packet from " + texts::source(*judged->observed_class) + " that " +
                  (allowing.empty() ? "a policy" : allowing) + " allows: the kernel dropped it (" + row.drop_reason +
                  ")";
  claim.evidence[1] = {.witness = Witness::kObserved,
                       .verdict = Verdict::kDeny,
                       .detail = "a packet from " + row.sample.to_string() + " was dropped: " + row.drop_reason};
  claim.packets = PacketEvidence{.last = row.last_dropped, .fresh = observed.fresh_dropped()};
  return claim;
}

std::optional<std::string> unintended_drop_over(const Picture& picture, const Finding& finding, Time now,
                                                Duration steady) {
  if (auto gone = endpoint_gone(picture, finding)) return gone;
  if (const auto* cell = cell_now(picture, finding)) {
    switch (stance_of(*cell)) {
      case Stance::kDenied:
        return "it is denied by intent now: " + texts::intended(*cell).detail;
      case Stance::kAllowedByDefault:
        return "no rule allows it any more: " + texts::intended(*cell).detail;
      case Stance::kAllowedByRule:
      case Stance::kUnknown:
        break;
    }
  }
  const auto latest = newest_of(picture, finding);
  if (!latest || now - finding.last_seen < steady) return std::nullopt;
  if (newest_delivered(*latest) && latest->last_delivered > finding.last_seen) {
    return "a later packet was delivered, as intended";
  }
  if (nature_of(latest->drop_reason) == DropNature::kNoSocket && latest->last_dropped > finding.last_seen) {
    return "a later packet was let through, and found no socket";
  }
  return std::nullopt;
}

}  // namespace sextant::audit
