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
    const CodePoint c = decode_utf8(text.substr(i));
    if (c.length == 0) return failure(place() + "not UTF-8");
    if (!is_printable(c.value)) return failure(place() + "the control character " + hexadecimal(c.value));
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
