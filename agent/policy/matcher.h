// Whether peers are selected, remembered per identity; long lists of prefixes are looked up, not walked.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "agent/policy/identity.h"
#include "agent/policy/rule.h"

namespace sextant::policy {

class Matcher {
 public:
  Matcher(std::vector<Selector> selectors, const Identities& identities);

  bool matches(IdentityId id) const;
  const std::vector<Selector>& selectors() const { return selectors_; }

 private:
  bool compute(const LabelSet& labels) const;
  bool holds_prefix(const Prefix& prefix) const;

  enum class Answer : std::uint8_t { kUnasked, kNo, kYes };
  Answer answer(IdentityId id) const;
  void remember(IdentityId id, Answer answer) const;

  std::vector<Selector> selectors_;
  std::vector<std::uint32_t> others_{};  // indexes of those that are more than one prefix
  std::unordered_set<Prefix, PrefixHash> prefixes_{};
  std::vector<std::uint8_t> lengths_{};  // of prefixes_, distinct
  const Identities* identities_;
  // By identity, whose labels never change: two bits each, for there are thousands of matchers and of identities.
  mutable std::vector<std::uint8_t> answers_{};
};

}  // namespace sextant::policy
