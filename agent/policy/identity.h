// Identities: label sets, interned. Endpoints and sources with the same labels are one identity, as in Cilium.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "agent/policy/labels.h"

namespace sextant::policy {

// Never reused, and its labels never change: what was found of an identity holds for ever.
using IdentityId = std::uint32_t;
inline constexpr IdentityId kNoIdentity = 0;

class Identities {
 public:
  IdentityId intern(const LabelSet& labels);
  const LabelSet& labels(IdentityId id) const { return *by_id_[id - 1]; }
  std::size_t size() const { return by_id_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const LabelSet& labels) const { return labels.hash(); }
  };
  std::unordered_map<LabelSet, IdentityId, Hash> ids_{};
  std::vector<const LabelSet*> by_id_{};  // into the map, whose keys stay where they are
};

// Who sends, as policies see it from one node.
struct PeerIdentity {
  IdentityId id = kNoIdentity;
  // What the map is asked for beside the identity and "any": its aggregate (Trait::kAggregates).
  IdentityId aggregate = kNoIdentity;
  // Selectors that match this one match `id` too (Trait::kWorldStandsForBothFamilies).
  IdentityId stands_in = kNoIdentity;
  bool local_host = false;
  bool outside = false;  // by its address: what cannot be computed about clouds and the like may concern it
  // Chance decides whether it is `id` or one of these (Trait::kGroupOrderIsChance).
  std::vector<IdentityId> instead{};
  bool operator==(const PeerIdentity&) const = default;
};

}  // namespace sextant::policy
