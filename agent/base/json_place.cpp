#include "agent/base/json_place.h"

#include <algorithm>
#include <vector>

#include "agent/base/document.h"

namespace sextant {
namespace {

// From an opening quote to behind the closing one, or to the end of the text.
std::size_t string_end(std::string_view text, std::size_t quote) {
  for (std::size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

std::optional<std::size_t> innermost(std::string_view text) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i = string_end(text, i) - 1;
    } else if (c == '{' || c == '[') {
      open.push_back(i);
    } else if (c == '}' || c == ']') {
      open.pop_back();
    }
  }
  return open.empty() ? std::nullopt : std::optional(open.back());
}

bool is_key(std::string_view text, std::size_t end) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", end);
  return next != std::string_view::npos && text[next] == ':';
}

bool spells(std::string_view literal, std::string_view key) {
  const auto read = parse_json(literal);
  return read && read->text == key;
}

}  // namespace

std::string json_place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::optional<std::size_t> find_json_key(std::string_view begun, std::string_view key) {
  const auto map = innermost(begun);
  if (!map) return std::nullopt;
  std::size_t depth = 0;
  for (std::size_t i = *map + 1; i < begun.size(); ++i) {
    const char c = begun[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::size_t end = string_end(begun, i);
    if (depth == 0 && is_key(begun, end) && spells(begun.substr(i, end - i), key)) return i;
    i = end - 1;
  }
  return std::nullopt;
}

}  // namespace sextant
