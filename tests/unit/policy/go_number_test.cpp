#include "agent/policy/go_number.h"

#include <gtest/gtest.h>

namespace sextant::policy {
namespace {

struct Case {
  std::string_view text;
  int base;
  std::uint64_t value;
  NumberError error;
};

TEST(GoNumber, IsReadAsStrconvReadsIt) {
  constexpr auto kNone = NumberError::kNone;
  constexpr auto kSyntax = NumberError::kSyntax;
  constexpr auto kRange = NumberError::kRange;
  for (const auto& [text, base, value, error] : {Case{"80", 10, 80, kNone},
                                                 {"080", 10, 80, kNone},
                                                 {"65535", 10, 65535, kNone},
                                                 {"65536", 10, 65535, kRange},
                                                 {"", 10, 0, kSyntax},
                                                 {"-1", 10, 0, kSyntax},
                                                 {"+1", 10, 0, kSyntax},
                                                 {" 1", 10, 0, kSyntax},
                                                 {"1_0", 10, 0, kSyntax},
                                                 {"0x50", 10, 0, kSyntax},
                                                 {"0", 0, 0, kNone},
                                                 {"0x50", 0, 80, kNone},
                                                 {"0X50", 0, 80, kNone},
                                                 {"0b11", 0, 3, kNone},
                                                 {"0o17", 0, 15, kNone},
                                                 {"010", 0, 8, kNone},
                                                 {"08", 0, 0, kSyntax},
                                                 {"1_000", 0, 1000, kNone},
                                                 {"1__0", 0, 0, kSyntax},
                                                 {"_1", 0, 0, kSyntax},
                                                 {"1_", 0, 0, kSyntax},
                                                 {"0x_f", 0, 15, kNone},
                                                 {"0x", 0, 0, kSyntax},
                                                 {"0_7", 0, 7, kNone},
                                                 {"99999999999999999999999", 0, 65535, kRange},
                                                 {"99999999999999999999999z", 0, 0, kSyntax}}) {
    const ParsedNumber number = parse_unsigned(text, base, 16);
    EXPECT_EQ(number.error, error) << "'" << text << "' in base " << base;
    EXPECT_EQ(number.value, value) << "'" << text << "' in base " << base;
  }
}

TEST(GoNumber, FillsSixtyFourBits) {
  EXPECT_EQ(parse_unsigned("18446744073709551615", 10, 64).error, NumberError::kNone);
  EXPECT_EQ(parse_unsigned("18446744073709551615", 10, 64).value, UINT64_MAX);
  EXPECT_EQ(parse_unsigned("18446744073709551616", 10, 64).error, NumberError::kRange);
}

}  // namespace
}  // namespace sextant::policy
