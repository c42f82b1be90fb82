#include "agent/base/text.h"

namespace sextant {

CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {.value = lead, .length = 1};
  const std::size_t length = lead >= 0xf0 ? 4 : (lead >= 0xe0 ? 3 : 2);
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t value = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[length] || value > 0x10ffff || surrogate) return {};
  return {.value = value, .length = length};
}

bool is_printable(std::uint32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c < 0x7f || c == 0x85 || (c >= 0xa0 && c != 0xfffe && c != 0xffff);
}

std::string quote(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::size_t kMost = 80;
  std::string result = "'";
  for (std::size_t characters = 0; !text.empty(); ++characters) {
    if (characters == kMost) {
      result += "...";
      break;
    }
    const CodePoint c = decode_utf8(text);
    const bool shown = c.length != 0 && c.value >= 0x20 && c.value != 0x85 && is_printable(c.value);
    const std::size_t taken = c.length == 0 ? 1 : c.length;
    for (const char byte : text.substr(0, taken)) {
      if (shown) {
        result += byte;
      } else {
        const auto value = static_cast<std::uint8_t>(byte);
        result += {'\\', 'x', kDigits[value >> 4U], kDigits[value & 0xfU]};
      }
    }
    text.remove_prefix(taken);
  }
  return result + "'";
}

}  // namespace sextant
