#include "agent/policy/go_number.h"

#include <limits>
#include <string>

namespace sextant::policy {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 36;
}

// Underscores may only separate digits, or follow the base's prefix.
bool underscores_fit(std::string_view text, bool prefixed) {
  char before = prefixed ? '0' : '^';
  for (const char c : text) {
    if (c == '_' && before != '0') return false;
    before = c == '_' ? '_' : '0';
  }
  return before != '_';
}

}  // namespace

ParsedNumber parse_unsigned(std::string_view text, int base, int bits) {
  const std::uint64_t most = bits >= 64 ? std::numeric_limits<std::uint64_t>::max() : (std::uint64_t{1} << bits) - 1;
  const bool literal = base == 0;
  bool prefixed = false;
  if (literal) {
    base = 10;
    if (text.size() >= 1 && text[0] == '0') {
      const char mark = text.size() >= 3 ? static_cast<char>(text[1] | 0x20) : '\0';
      base = mark == 'b' ? 2 : mark == 'o' ? 8 : mark == 'x' ? 16 : 8;
      prefixed = true;
      text.remove_prefix(mark == 'b' || mark == 'o' || mark == 'x' ? 2 : 1);
      if (text.empty()) return {};  // "0"
    }
  }
  if (text.empty()) return {.value = 0, .error = NumberError::kSyntax};
  if (literal && !underscores_fit(text, prefixed)) return {.value = 0, .error = NumberError::kSyntax};
  std::uint64_t value = 0;
  bool too_great = false;
  for (const char c : text) {
    if (literal && c == '_') continue;
    const int digit = digit_of(c);
    if (digit >= base) return {.value = 0, .error = NumberError::kSyntax};
    const auto radix = static_cast<std::uint64_t>(base), low = static_cast<std::uint64_t>(digit);
    too_great = too_great || value > (most - low) / radix;
    if (!too_great) value = value * radix + low;
  }
  if (too_great) return {.value = most, .error = NumberError::kRange};
  return {.value = value, .error = NumberError::kNone};
}

}  // namespace sextant::policy
