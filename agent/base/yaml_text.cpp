#include "agent/base/yaml_text.h"

#include <cstdint>
#include <string>

namespace sextant {
namespace {

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  // 0: no UTF-8
};

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
Decoded decode_utf8(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(rest[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {.code_point = lead, .length = 1};
  const std::size_t length = lead >= 0xf0 ? 4 : (lead >= 0xe0 ? 3 : 2);
  if (lead < 0xc2 || lead > 0xf4 || rest.size() < length) return {};
  std::uint32_t code_point = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code_point = code_point << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kLeast[length] || code_point > 0x10ffff || surrogate) return {};
  return {.code_point = code_point, .length = length};
}

bool printable(std::uint32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c < 0x7f || c == 0x85 || (c >= 0xa0 && c != 0xfffe && c != 0xffff);
}

std::string hexadecimal(std::uint32_t c) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (int shift = c > 0xffff ? 20 : 12; shift >= 0; shift -= 4) digits += kDigits[(c >> shift) & 0xfU];
  return "U+" + digits;
}

// The text of a line, without what ends it; empty beyond the last.
std::string_view line_at(std::string_view text, std::size_t begin) {
  std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_marker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == marker.size() || line[3] == ' ' || line[3] == '\t');
}

bool says_nothing(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first == std::string_view::npos || line[first] == '#' || line[0] == '%';
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
    const Decoded c = decode_utf8(text.substr(i));
    if (c.length == 0) return failure(place() + "not UTF-8");
    if (!printable(c.code_point)) return failure(place() + "the control character " + hexadecimal(c.code_point));
    i += c.length;
    if (byte == '\n') {
      ++line;
      line_begin = i;
    }
  }
  return {};
}

bool DocumentStarts::allows(std::size_t line) {
  for (; line_ < line && begin_ != std::string_view::npos; ++line_) {
    const std::size_t end = text_.find('\n', begin_);
    begin_ = end == std::string_view::npos ? end : end + 1;
  }
  if (begin_ >= text_.size()) return true;  // the end of the text: nothing is left over
  if (is_marker(line_at(text_, begin_), "---")) return true;
  for (std::size_t before = begin_; before > 0;) {
    const std::size_t end = before - 1;  // the earlier line's '\n'
    before = end == 0 ? 0 : text_.rfind('\n', end - 1) + 1;
    const std::string_view earlier = line_at(text_, before);
    if (is_marker(earlier, "...")) return true;
    if (!says_nothing(earlier)) return false;
  }
  return false;
}

}  // namespace sextant
