#include "agent/kube/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/temp_files.h"

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Token, IsReadAgainAfterAMinute) {
  const test::TempFiles files;
  Token token({.file = files.write("token", "one\n")});
  const Token::Clock::time_point start{};
  EXPECT_EQ(token.get(start).value(), "one");
  files.write("token", "two");
  EXPECT_EQ(token.get(start + 59s).value(), "one");
  EXPECT_EQ(token.get(start + 60s).value(), "two");
}

TEST(Token, ThatIsRefusedIsReadAgainAtOnce) {
  const test::TempFiles files;
  Token token({.file = files.write("token", "one")});
  const Token::Clock::time_point now{};
  ASSERT_TRUE(token.get(now));
  EXPECT_FALSE(token.refused("one", now)) << "there is no other";
  files.write("token", "two");
  EXPECT_TRUE(token.refused("one", now));
  EXPECT_EQ(token.get(now).value(), "two");
  EXPECT_TRUE(token.refused("one", now)) << "another request was refused before the new one was known";
}

TEST(Token, OutlivesItsFile) {
  const test::TempFiles files;
  const auto file = files.write("token", "one");
  Token token({.file = file});
  const Token::Clock::time_point start{};
  ASSERT_TRUE(token.get(start));
  std::filesystem::remove(file);
  EXPECT_EQ(token.get(start + 1h).value(), "one");
  Token other({.file = file});
  EXPECT_THAT(other.get(start).error().what, HasSubstr("No such file"));
}

TEST(Token, CannotBreakARequestsHeader) {
  EXPECT_FALSE(Token({.text = "a\r\nX: y"}).get({}));
  EXPECT_FALSE(Token({.text = "a b"}).get({}));
  EXPECT_EQ(Token({}).get({}).value(), "") << "none is wanted: a client certificate speaks";
  const test::TempFiles files;
  EXPECT_THAT(Token({.file = files.write("token", " \n")}).get({}).error().what, HasSubstr("is empty"));
}

}  // namespace
}  // namespace sextant::kube
