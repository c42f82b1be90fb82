#include "agent/policy/identity.h"

namespace sextant::policy {

IdentityId Identities::intern(const LabelSet& labels) {
  const auto [at, added] = ids_.try_emplace(labels, static_cast<IdentityId>(by_id_.size() + 1));
  if (added) by_id_.push_back(&at->first);
  return at->second;
}

}  // namespace sextant::policy
