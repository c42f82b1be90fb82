// SXT010: Sextant itself cannot see.
#include <array>
#include <string_view>
#include <utility>

#include "agent/audit/rules.h"

namespace sextant::audit {
namespace {

// Which witness is blind, by how `what` begins (model/finding.h, BlindSpot).
Witness witness_of(std::string_view what) {
  static constexpr std::array<std::pair<std::string_view, Witness>, 11> kBeginnings{{
      {"witness realized", Witness::kRealized},
      {"witness listening", Witness::kListening},
      {"witness uplink", Witness::kUplink},
      {"witness delivery", Witness::kDelivery},
      {"witness death", Witness::kDeath},
      {"witness probed", Witness::kProbed},
      {"uplink", Witness::kUplink},
      {"events", Witness::kObserved},
      {"rows", Witness::kObserved},
      {"kernel", Witness::kObserved},
      {"strays", Witness::kObserved},
  }};
  for (const auto& [beginning, witness] : kBeginnings) {
    if (what.starts_with(beginning)) return witness;
  }
  return Witness::kIntended;  // manifests, policies, verdict tables
}

}  // namespace

std::vector<Claim> blind_spots(const Picture& picture) {
  std::vector<Claim> claims;
  for (const BlindSpot& spot : picture.blind_spots) {
    claims.push_back(
        {.code = kBlindSpot,
         .endpoint = {.ref = {.kind = EndpointKind::kSextant, .name = spot.what}},
         .message = "Sextant is blind (" + spot.what + "): " + spot.why,
         .evidence = {{.witness = witness_of(spot.what), .verdict = Verdict::kUnknown, .detail = spot.why}}});
  }
  return claims;
}

}  // namespace sextant::audit
