#include "agent/model/labels.h"

#include <algorithm>

namespace sextant {

Labels::Labels(std::vector<value_type> values) {
  if (values.empty()) return;
  std::ranges::stable_sort(values, {}, &value_type::first);
  const auto repeated = std::ranges::unique(values, {}, &value_type::first);
  values.erase(repeated.begin(), repeated.end());
  values.shrink_to_fit();
  values_ = std::make_shared<const std::vector<value_type>>(std::move(values));
}

const std::vector<Labels::value_type>& Labels::list() const {
  static const std::vector<value_type> kNone;
  return values_ == nullptr ? kNone : *values_;
}

Labels::const_iterator Labels::find(std::string_view key) const {
  const auto at = std::ranges::lower_bound(list(), key, {}, &value_type::first);
  return at != end() && at->first == key ? at : end();
}

std::strong_ordering Labels::operator<=>(const Labels& other) const {
  if (shares_with(other)) return std::strong_ordering::equal;
  return list() <=> other.list();
}

Labels LabelPool::shared(const Labels& labels) {
  if (labels.empty()) return labels;
  if (known_.size() > look_at_) {
    std::erase_if(known_, [](const Labels& one) { return one.is_alone(); });
    look_at_ = std::max(kLeast, 2 * known_.size());
  }
  return *known_.insert(labels).first;
}

}  // namespace sextant
