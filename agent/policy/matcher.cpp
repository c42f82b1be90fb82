#include "agent/policy/matcher.h"

#include <algorithm>

namespace sextant::policy {
namespace {

// One prefix that must be there, and nothing else.
bool is_plain_prefix(const Selector& selector) {
  return selector.requirements.size() == 1 && selector.requirements.front().prefix &&
         selector.requirements.front().op == Operator::kExists;
}

constexpr unsigned kBitsOfAnswer = 2, kAnswerMask = (1U << kBitsOfAnswer) - 1, kAnswersPerByte = 8 / kBitsOfAnswer;

unsigned shift_of(IdentityId id) { return id % kAnswersPerByte * kBitsOfAnswer; }

}  // namespace

Matcher::Matcher(std::vector<Selector> selectors, const Identities& identities)
    : selectors_(std::move(selectors)), identities_(&identities) {
  for (std::uint32_t i = 0; i < selectors_.size(); ++i) {
    if (!is_plain_prefix(selectors_[i])) {
      others_.push_back(i);
      continue;
    }
    const Prefix& prefix = *selectors_[i].requirements.front().prefix;
    if (prefixes_.insert(prefix).second && std::ranges::find(lengths_, prefix.length) == lengths_.end()) {
      lengths_.push_back(prefix.length);
    }
  }
}

bool Matcher::holds_prefix(const Prefix& prefix) const {
  return std::ranges::any_of(lengths_, [&](std::uint8_t length) {
    if (length > prefix.length) return false;
    const auto at = prefixes_.find(Prefix::masked(prefix.address, length));
    return at != prefixes_.end() && covers(*at, prefix);
  });
}

bool Matcher::compute(const LabelSet& labels) const {
  if (!prefixes_.empty() && std::ranges::any_of(labels.prefixes(), [&](const Prefix& p) { return holds_prefix(p); }))
    return true;
  return std::ranges::any_of(others_, [&](std::uint32_t i) { return selectors_[i].matches(labels); });
}

Matcher::Answer Matcher::answer(IdentityId id) const {
  const std::size_t at = id / kAnswersPerByte;
  if (at >= answers_.size()) return Answer::kUnasked;
  return static_cast<Answer>(answers_[at] >> shift_of(id) & kAnswerMask);
}

void Matcher::remember(IdentityId id, Answer answer) const {
  const std::size_t at = id / kAnswersPerByte;
  if (at >= answers_.size()) answers_.resize(std::max<std::size_t>(identities_->size(), id) / kAnswersPerByte + 1);
  answers_[at] = static_cast<std::uint8_t>(answers_[at] | static_cast<unsigned>(answer) << shift_of(id));
}

bool Matcher::matches(IdentityId id) const {
  if (id == kNoIdentity) return false;
  Answer known = answer(id);
  if (known == Answer::kUnasked) {
    known = compute(identities_->labels(id)) ? Answer::kYes : Answer::kNo;
    remember(id, known);
  }
  return known == Answer::kYes;
}

}  // namespace sextant::policy
