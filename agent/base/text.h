// Text from outside, made fit to be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sextant {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // bytes; 0: no UTF-8
};
// The first code point of a text that is not empty. RFC 3629: no overlong forms, no surrogates, nothing beyond
// U+10FFFF.
CodePoint decode_utf8(std::string_view text);

// What YAML 1.2 (5.1) calls printable: neither control characters (but tab, line feed, carriage return) nor
// non-characters.
bool is_printable(std::uint32_t code_point);

// "'text'" for messages: what is not printable, or would break the line, as \xNN, and no more than 80 characters of it.
std::string quote(std::string_view text);

}  // namespace sextant
