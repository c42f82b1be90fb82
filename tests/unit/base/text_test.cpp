#include "agent/base/text.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(DecodeUtf8, ReadsEveryLength) {
  const std::pair<const char*, std::uint32_t> cases[] = {{"a", 'a'},
                                                         {"\xc2\x80", 0x80},
                                                         {"\xe0\xa0\x80", 0x800},
                                                         {"\xf0\x90\x80\x80", 0x10000},
                                                         {"\xf4\x8f\xbf\xbf", 0x10ffff}};
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(decode_utf8(text).value, value);
    EXPECT_EQ(decode_utf8(text).length, std::string_view(text).size());
  }
}

TEST(DecodeUtf8, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x20", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(decode_utf8(text).length, 0U);
  }
}

TEST(Quote, ShowsWhatCannotHarm) {
  EXPECT_EQ(quote(""), "''");
  EXPECT_EQ(quote("a b"), "'a b'");
  EXPECT_EQ(quote("\xe2\x82\xac"), "'\xe2\x82\xac'");
}

TEST(Quote, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(quote("\x1b[31m\n"), "'\\x1b[31m\\x0a'");
  EXPECT_EQ(quote("\xc2\x9b"
                  "31m"),
            "'\\xc2\\x9b31m'");
  EXPECT_EQ(quote("\xff"), "'\\xff'");
  EXPECT_EQ(quote(std::string_view("\0", 1)), "'\\x00'");
}

TEST(Quote, IsCutAtEightyCharacters) {
  EXPECT_EQ(quote(std::string(80, 'x')), "'" + std::string(80, 'x') + "'");
  EXPECT_EQ(quote(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
  std::string euros;
  for (int i = 0; i < 100; ++i) euros += "\xe2\x82\xac";
  EXPECT_EQ(quote(euros), "'" + euros.substr(0, 240) + "...'");
}

}  // namespace
}  // namespace sextant
