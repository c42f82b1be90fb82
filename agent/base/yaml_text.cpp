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

constexpr std::size_t kMostDirectives = 100;

// YAML 1.1, 4.2: lines end in CR, LF, both, NEL, LS or PS.
bool ends_line(std::uint32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
  std::uint32_t before = 0;

  void pass(std::uint32_t character) {
    const bool second_half = character == '\n' && before == '\r';
    before = character;
    if (second_half) return;
    ++column;
    if (!ends_line(character)) return;
    ++line;
    column = 1;
  }
  Failure failed(std::string_view cause) const {
    return failure("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(cause));
  }
};

}  // namespace

Result<> check_yaml_text(std::string_view text) {
  Place place;
  std::size_t directives = 0;  // of one document
  for (std::size_t i = 0; i < text.size();) {
    if (place.column == 1 && text[i] == '%' && ++directives > kMostDirectives) {
      return place.failed("more than " + std::to_string(kMostDirectives) + " directives");
    }
    if (place.column == 1 && text[i] == '-') directives = 0;
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const CodePoint c =
        byte >= 0x20 && byte < 0x7f ? CodePoint{.value = byte, .length = 1} : decode_utf8(text.substr(i));
    if (c.length == 0) return place.failed("not UTF-8");
    if (!is_printable(c.value)) return place.failed("the control character " + hexadecimal(c.value));
    i += c.length;
    place.pass(c.value);
  }
  return {};
}

}  // namespace sextant
