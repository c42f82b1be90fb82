#include "agent/base/document.h"

#include <algorithm>
#include <array>
#include <charconv>

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

TextError text_error(const Error& error) {
  const std::string_view what = error.what;
  const auto number = [](std::string_view digits) {
    std::uint32_t line = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), line);
    return line;
  };
  // "line 3, column 5: cause"
  constexpr std::string_view kBefore = "line ";
  if (const auto colon = what.find(": "); what.starts_with(kBefore) && colon != std::string_view::npos) {
    if (const auto line = number(what.substr(kBefore.size())); line != 0) {
      return {.line = line, .cause = std::string(what.substr(colon + 2))};
    }
  }
  // "field: cause (line 3)"
  constexpr std::string_view kAfter = " (line ";
  if (const auto at = what.rfind(kAfter); at != std::string_view::npos && what.ends_with(')')) {
    return {.line = number(what.substr(at + kAfter.size())), .cause = std::string(what.substr(0, at))};
  }
  return {.cause = error.what};
}

}  // namespace sextant
