#include "agent/app/cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

using testing::ElementsAre;

TEST(Width, CountsCellsAndNotBytes) {
  EXPECT_EQ(width("abc"), 3U);
  EXPECT_EQ(width("é…"), 2U);
  EXPECT_EQ(width("e\xCC\x81"), 1U);  // e and a combining accent
  EXPECT_EQ(width("数据"), 4U);
  EXPECT_EQ(width("🔥"), 2U);
  EXPECT_EQ(width(""), 0U);
}

TEST(Width, OfBrokenUtf8IsOneCellForEachByte) {
  EXPECT_EQ(width("\xFF\xFE"), 2U);
  EXPECT_EQ(width("\xE2\x80"), 2U);      // cut off
  EXPECT_EQ(width("\xC0\xAF"), 2U);      // overlong
  EXPECT_EQ(width("\xED\xA0\x80"), 3U);  // a surrogate
}

TEST(Printable, KeepsWhatOthersWroteFromSteeringTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\xEF\xBF\xBD[31mb");
  EXPECT_EQ(printable("bell\a del\x7f"), "bell\xEF\xBF\xBD del\xEF\xBF\xBD");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m");  // CSI as one C1 character
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");  // right-to-left override
  EXPECT_EQ(printable(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Printable, MakesLineBreaksAndTabsSpaces) { EXPECT_EQ(printable("a\nb\tc\rd"), "a b c d"); }

TEST(Printable, LeavesOrdinaryTextOfAnyScriptAlone) { EXPECT_EQ(printable("Grüße 数据 🔥 …"), "Grüße 数据 🔥 …"); }

TEST(PrintableLines, KeepLineBreaksAndIndentation) {
  EXPECT_THAT(printable_lines("a:\r\n  b: \x1b[0m\n\nc\n\n"), ElementsAre("a:", "  b: \xEF\xBF\xBD[0m", "", "c"));
  EXPECT_TRUE(printable_lines("").empty());
}

TEST(Elide, CutsToTheWidthAndSaysSo) {
  EXPECT_EQ(elide("abcdef", 6), "abcdef");
  EXPECT_EQ(elide("abcdefg", 6), "abcde…");
  EXPECT_EQ(elide("abc def", 5), "abc…");  // no space before the mark
  EXPECT_EQ(elide("数据库", 5), "数据…");
  EXPECT_EQ(elide("数据库", 4), "数…");  // half a character does not fit
  EXPECT_EQ(elide("abc", 1), "…");
  EXPECT_EQ(elide("abc", 0), "");
}

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("one two three", 13), ElementsAre("one two three"));
  EXPECT_THAT(wrap("one  two", 4), ElementsAre("one", "two"));
  EXPECT_THAT(wrap("", 5), ElementsAre(""));
}

TEST(Wrap, BreaksAWordThatIsLongerThanTheLine) {
  EXPECT_THAT(wrap("2001:db8:1::/48, x", 8), ElementsAre("2001:", "db8:1::/", "48, x"));
  EXPECT_THAT(wrap("5433-65535/TCP", 10), ElementsAre("5433-", "65535/TCP"));
  EXPECT_THAT(wrap("abcdefghijk", 4), ElementsAre("abcd", "efgh", "ijk"));
  EXPECT_THAT(wrap("数据", 1), ElementsAre("数", "据"));
}

TEST(Wrap, LosesNothingButSpacesAndKeepsTheWidth) {
  const std::string text = "shop/db 5432/TCP received a packet from 2001:db8:ffff:ffff::1 that no policy 数据库 allows";
  for (std::size_t cells = 2; cells < 100; ++cells) {
    std::string together;
    for (const auto& line : wrap(text, cells)) {
      EXPECT_LE(width(line), cells);
      EXPECT_FALSE(line.ends_with(' '));
      together += line;
    }
    std::erase(together, ' ');
    std::string expected = text;
    std::erase(expected, ' ');
    EXPECT_EQ(together, expected) << cells;
  }
}

TEST(Counted, ChoosesTheWord) {
  EXPECT_EQ(counted(0, "finding", "findings"), "0 findings");
  EXPECT_EQ(counted(1, "finding", "findings"), "1 finding");
  EXPECT_EQ(counted(2, "finding", "findings"), "2 findings");
}

}  // namespace
}  // namespace sextant::app::cli
