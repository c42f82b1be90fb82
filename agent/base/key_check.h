// Finds the key that a map has twice, for maps of any size.
#pragma once

#include <string>
#include <unordered_set>

#include "agent/base/document.h"

namespace sextant {

// One for each map that is being read. Small maps, as nearly all are, cost no set.
class KeyCheck {
 public:
  // Whether `key`, about to be added to `map`, is there already. To be asked once for each key, in order.
  bool repeats(const Document& map, const std::string& key) {
    if (map.members.size() < kFew) return map.find(key) != nullptr;
    if (seen_.empty()) {
      for (const auto& member : map.members) seen_.insert(member.first);
    }
    return !seen_.insert(key).second;
  }

 private:
  static constexpr std::size_t kFew = 16;
  std::unordered_set<std::string> seen_{};
};

}  // namespace sextant
