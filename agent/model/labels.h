// Labels: an immutable set of keys with values, of which copies share one; and a pool that makes equal sets share too.
#pragma once

#include <compare>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sextant {

class Labels {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  Labels() = default;
  // Of a key that comes twice the first counts.
  explicit Labels(std::vector<value_type> values);
  Labels(std::initializer_list<value_type> values) : Labels(std::vector<value_type>(values)) {}

  // Sorted by key.
  const_iterator begin() const { return list().begin(); }
  const_iterator end() const { return list().end(); }
  std::size_t size() const { return list().size(); }
  bool empty() const { return values_ == nullptr; }
  const_iterator find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != end(); }

  bool operator==(const Labels& other) const { return values_ == other.values_ || list() == other.list(); }
  std::strong_ordering operator<=>(const Labels& other) const;

  bool shares_with(const Labels& other) const { return values_ == other.values_; }
  // No copy of it shares its content.
  bool is_alone() const { return values_.use_count() == 1; }

 private:
  const std::vector<value_type>& list() const;

  std::shared_ptr<const std::vector<value_type>> values_{};  // null: none
};

// Pods of one workload have the same labels, ten times or a thousand: they are kept once.
class LabelPool {
 public:
  // The set as it is kept: equal ones share.
  Labels shared(const Labels& labels);
  std::size_t size() const { return known_.size(); }

 private:
  static constexpr std::size_t kLeast = 256;  // sets that nobody has any more are not worth looking for among fewer
  std::set<Labels> known_{};
  std::size_t look_at_ = kLeast;  // when there are more, those that nobody has are forgotten
};

}  // namespace sextant
