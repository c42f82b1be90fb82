#include "agent/base/document.h"

#include <algorithm>
#include <array>

namespace sextant {

const Document* Document::find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &Member::first);
  return found == members.end() ? nullptr : &found->second;
}

const Document* Document::get(std::string_view key) const {
  const Document* value = find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Document* Document::at(std::initializer_list<std::string_view> path) const {
  const Document* value = this;
  for (const std::string_view key : path) {
    value = value->get(key);
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::string_view Document::string_or(std::string_view otherwise) const {
  return is_string() ? std::string_view(text) : otherwise;
}

std::string_view Document::string_at(std::string_view key) const {
  const Document* value = find(key);
  return value == nullptr ? std::string_view() : value->string_or({});
}

std::string_view Document::kind_name(Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames{"null",     "a boolean", "an integer", "a number",
                                                          "a string", "a list",    "a map"};
  return kNames.at(static_cast<std::size_t>(kind));
}

}  // namespace sextant
