#include "agent/report/utf8.h"

#include <gtest/gtest.h>

namespace sextant::report {
namespace {

TEST(Utf8, KeepsWhatIsValid) {
  for (const std::string text :
       {"", "db", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(utf8(text), text);
  }
}

TEST(Utf8, ReplacesEachByteThatIsNoPartOfAnything) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(utf8("a\xff z"), "a" + bad + " z");
  EXPECT_EQ(utf8("\x80"), bad);                                // a continuation alone
  EXPECT_EQ(utf8("\xc3"), bad);                                // cut off
  EXPECT_EQ(utf8("\xc0\xaf"), bad + bad);                      // overlong, two bytes
  EXPECT_EQ(utf8("\xe0\x80\xaf"), bad + bad + bad);            // overlong, three
  EXPECT_EQ(utf8("\xed\xa0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(utf8("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // beyond U+10FFFF
  EXPECT_EQ(utf8("\xe2\x82g"), bad + bad + "g");
}

}  // namespace
}  // namespace sextant::report
