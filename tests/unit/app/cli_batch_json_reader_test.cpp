#include "agent/app/cli/batch/json_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "agent/base/document.h"

namespace sextant::app::cli {
namespace {

std::string error_of(std::string_view text) {
  JsonReader reader(text);
  reader.skip();
  reader.finish();
  const auto read = reader.result();
  return read ? "" : read.error().what;
}

TEST(JsonReader, GivesValuesAsTheyAreWritten) {
  JsonReader reader(R"( {"a": {"b" : [1, -2.5e3, "]}"]}, "c":true} )");
  std::vector<std::string> seen;
  reader.members([&](std::string_view key) {
    seen.emplace_back(key);
    seen.emplace_back(reader.skip());
  });
  reader.finish();
  EXPECT_TRUE(reader.result());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", R"({"b" : [1, -2.5e3, "]}"]})", "c", "true"}));
}

TEST(JsonReader, ReadsStringsAndTheirEscapes) {
  JsonReader reader(R"(["plain", "a string of more than eight characters", "tab\tand \u00e4", ""])");
  std::vector<std::string> seen;
  reader.items([&] { seen.emplace_back(reader.string()); });
  EXPECT_EQ(seen, (std::vector<std::string>{"plain", "a string of more than eight characters", "tab\tand ä", ""}));
}

TEST(JsonReader, ReadsKeysThatAreEscaped) {
  JsonReader reader(R"({"\u0074o": 1})");
  std::string key;
  reader.members([&](std::string_view read) {
    key = read;
    reader.skip();
  });
  EXPECT_EQ(key, "to");
}

TEST(JsonReader, ReadsWholeNumbersUpToALimit) {
  EXPECT_EQ(JsonReader("65535").integer(65535), 65535u);
  EXPECT_EQ(JsonReader(" 0 ").integer(65535), 0u);
  for (const char* text : {"65536", "-1", "1.0", "1e3", "01", "\"80\"", "", "99999999999"}) {
    JsonReader reader(text);
    reader.integer(65535);
    EXPECT_FALSE(reader.ok()) << text;
  }
}

TEST(JsonReader, TakesWhatTheDocumentReaderTakes) {
  for (const char* text : {"{}",
                           "[]",
                           "0",
                           "-0",
                           "1.5",
                           "1E+2",
                           "\"\"",
                           "null",
                           "true",
                           "false",
                           R"({"a":[{},[],"\\\"\/\b\f\n\r\t"]})",
                           "{",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{a:1}",
                           "tru",
                           "nul",
                           "-",
                           "01",
                           "1.",
                           ".5",
                           "1e",
                           "+1",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"a\nb\"",
                           "[1 2]",
                           "{\"a\" 1}",
                           "1 1",
                           "",
                           " ",
                           "'a'",
                           "NaN"}) {
    EXPECT_EQ(error_of(text).empty(), parse_json(text).has_value()) << text << ": " << error_of(text);
  }
}

TEST(JsonReader, NamesTheColumnOfTheFirstError) {
  EXPECT_EQ(error_of("{\"a\":1 \"b\":2}"), "column 8: ',' or '}' is expected");
  EXPECT_EQ(error_of("[\"ab"), "column 5: the string does not end");
  EXPECT_EQ(error_of("[\"a\tb\"]"), "column 4: a string cannot hold control characters");
  EXPECT_EQ(error_of("{} x"), "column 4: more than one JSON value");
  EXPECT_EQ(error_of("{1:2}"), "column 2: a string is expected");
}

TEST(JsonReader, GoesAHundredLevelsDeep) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(error_of(nested(100)), "");
  EXPECT_EQ(error_of(nested(101)), "column 102: more than 100 levels");
  std::string maps;
  for (int i = 0; i < 101; ++i) maps += "{\"a\":";
  EXPECT_NE(error_of(maps).find("more than 100 levels"), std::string::npos);
}

TEST(JsonReader, FindsWhatIsNoUtf8) {
  EXPECT_EQ(find_invalid_utf8("plain text of some length"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("übergrößen, 漢字 and 😀"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("12345678\xff"), 8u);
  EXPECT_EQ(find_invalid_utf8("\xc3"), 0u);
  EXPECT_EQ(find_invalid_utf8("a\xed\xa0\x80"), 1u);  // a surrogate
}

}  // namespace
}  // namespace sextant::app::cli
