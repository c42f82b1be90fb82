// Numbers as Go's strconv reads them.
#pragma once

#include <cstdint>
#include <string_view>

namespace sextant::policy {

enum class NumberError : std::uint8_t { kNone, kSyntax, kRange };

struct ParsedNumber {
  std::uint64_t value = 0;  // on a range error the greatest of the size, on a syntax error 0
  NumberError error = NumberError::kNone;
};

// strconv.ParseUint(text, base, bits), bits 8 to 64: base 10, or 0 for Go's literals (0x, 0o, 0b, a leading 0,
// underscores).
ParsedNumber parse_unsigned(std::string_view text, int base, int bits);

}  // namespace sextant::policy
