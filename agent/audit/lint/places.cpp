#include "agent/audit/lint/places.h"

#include <algorithm>
#include <charconv>

namespace sextant::audit::lint {
namespace {

// Follows the first step of `path` and takes it off; nullptr: it leads nowhere.
const Document* step(const Document& from, std::string_view& path) {
  if (path.front() == '[') {
    const std::size_t close = std::min(path.find(']'), path.size());
    std::size_t index = from.items.size();
    std::from_chars(path.data() + 1, path.data() + close, index);
    path.remove_prefix(std::min(close + 1, path.size()));
    return index < from.items.size() ? &from.items[index] : nullptr;
  }
  if (path.front() == '.') path.remove_prefix(1);
  const std::string_view key = path.substr(0, path.find_first_of(".["));
  path.remove_prefix(key.size());
  return from.get(key);
}

}  // namespace

const Document& nearest_part(const Document& object, std::string_view path) {
  const Document* at = &object;
  while (!path.empty()) {
    const Document* next = step(*at, path);
    if (next == nullptr) break;
    at = next;
  }
  return *at;
}

Document* part_at(Document& object, std::string_view path) {
  const Document* at = &object;
  while (at != nullptr && !path.empty()) at = step(*at, path);
  return const_cast<Document*>(at);  // a part of `object`, which may be changed
}

}  // namespace sextant::audit::lint
