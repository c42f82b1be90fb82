#include "agent/base/yaml_text.h"

#include <cstdint>
#include <string>

#include "agent/base/text.h"

namespace sextant {
namespace {

std::string hexadecimal(std::uint32_t c) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (int shift = c > 0xffff ? 20 : 12; shift >= 0; shift -= 4) digits += kDigits[(c >> shift) & 0xfU];
  return "U+" + digits;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool says_something(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  return first != std::string_view::npos && line[first] != '#';
}

Result<> check_last_line(std::string_view text, std::size_t lines) {
  while (!text.empty()) {
    const auto begin = text.find_last_of('\n');
    const std::string_view line = begin == std::string_view::npos ? text : text.substr(begin + 1);
    if (says_something(line)) {
      if (line.front() != '%') return {};
      return failure("line " + std::to_string(lines) + ", column 1: a directive without a document");
    }
    if (begin == std::string_view::npos) return {};
    text = text.substr(0, begin);
    --lines;
  }
  return {};
}

}  // namespace

Result<> check_yaml_text(std::string_view text) {
  std::size_t line = 1;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >= 0x20 && byte < 0x7f) {
      ++i;
      continue;
    }
    const auto place = [&] {
      return "line " + std::to_string(line) + ", column " + std::to_string(i - line_begin + 1) + ": ";
    };
    const CodePoint c = decode_utf8(text.substr(i));
    if (c.length == 0) return failure(place() + "not UTF-8");
    if (!is_printable(c.value)) return failure(place() + "the control character " + hexadecimal(c.value));
    i += c.length;
    if (byte == '\n') {
      ++line;
      line_begin = i;
    }
  }
  return check_last_line(text, line);
}

bool quote_ends(std::string_view text) {
  while (!text.empty() && (text.front() == '!' || text.front() == '&' || is_blank(text.front()))) {
    // A tag or an anchor goes to the next blank; yaml-cpp also lets a quote follow "!" at once.
    const bool property = !is_blank(text.front());
    std::size_t end = 1;
    while (property && end < text.size() && !is_blank(text[end]) && text[end] != '"' && text[end] != '\'') ++end;
    text.remove_prefix(end);
  }
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return true;
  const char mark = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (mark == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == mark) {
      if (mark == '"' || i + 1 == text.size() || text[i + 1] != mark) return true;
      ++i;  // '' within single quotes
    }
  }
  return false;
}

bool YamlLines::begins_document(std::size_t line) {
  for (; line_ < line && begin_ != std::string_view::npos; ++line_) {
    const std::size_t end = text_.find('\n', begin_);
    begin_ = end == std::string_view::npos ? end : end + 1;
  }
  if (begin_ >= text_.size()) return true;  // the end of the text: nothing is left over
  const std::string_view rest = text_.substr(begin_);
  constexpr std::string_view kMarker = "---";
  return rest.starts_with(kMarker) &&
         (rest.size() == kMarker.size() || std::string_view(" \t\r\n").contains(rest[kMarker.size()]));
}

}  // namespace sextant
