// SXT001: a public packet was delivered that the intent denies.
#include "agent/audit/observed_finding.h"
#include "agent/audit/rules.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

std::string message(const RowObservation& row, const JudgedRow& judged) {
  std::string text = row.key.endpoint.to_string() + " " + texts::port(row.key.protocol, row.key.port) +
                     " received a packet from " + texts::source(*judged.observed_class) + " that ";
  const std::vector<PolicyRef> policies = texts::distinct(judged.cell->policies);
  if (judged.cell->because == Because::kDenyRule) {
    return text + texts::policies(policies) + (policies.size() > 1 ? " deny" : " denies");
  }
  text += "no policy allows";
  if (policies.empty()) return text;
  return text + " (" + texts::policies(policies) + (policies.size() > 1 ? " close it)" : " closes it)");
}

}  // namespace

std::optional<Claim> unintended_delivery(const Picture& picture, const ObservedRow& observed) {
  const RowObservation& row = observed.seen;
  if (row.intended != Verdict::kDeny || observed.fresh_delivered() == 0) return std::nullopt;
  const auto judged = picture.judge(row);
  if (!judged || judged->cell == nullptr || !judged->observed_class->is_public) return std::nullopt;
  if (stance_of(*judged->cell) != Stance::kDenied) return std::nullopt;
  if (picture.before_settled(row, *judged, row.last_delivered)) return std::nullopt;

  Claim claim = claim_about(picture, row, *judged, kUnintendedDelivery);
  claim.message = message(row, *judged);
  claim.evidence[1] = {.witness = Witness::kObserved,
                       .verdict = Verdict::kAllow,
                       .detail = "a packet from " + row.sample.to_string() + " reached a socket"};
  claim.packets = PacketEvidence{.last = row.last_delivered, .fresh = observed.fresh_delivered()};
  return claim;
}

std::optional<std::string> unintended_delivery_over(const Picture& picture, const Finding& finding, Time now,
                                                    Duration steady) {
  if (auto gone = endpoint_gone(picture, finding)) return gone;
  if (const auto* cell = cell_now(picture, finding); cell != nullptr && reachable(cell->verdict)) {
    return cell->policies.empty() ? "no policy denies it any more: " + std::string(to_string(cell->because))
                                  : texts::policies(cell->policies) + " allows it now";
  }
  const auto refused = newest_of(picture, finding);
  if (refused && newest_refused(*refused) && refused->last_dropped > finding.last_seen &&
      now - finding.last_seen >= steady) {
    return "a later packet was dropped, as intended (" + refused->drop_reason + ")";
  }
  return std::nullopt;
}

}  // namespace sextant::audit
