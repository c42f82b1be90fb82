#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/base/document.h"
#include "agent/base/document_limits.h"

namespace sextant {
namespace {

using Kind = Document::Kind;

Document json(std::string_view text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().what) << "\n" << text;
  return parsed.value_or(Document{});
}

std::string error(std::string_view text) {
  auto parsed = parse_json(text);
  EXPECT_FALSE(parsed) << text;
  return parsed ? "" : parsed.error().what;
}

TEST(Json, ReadsEveryKindOfValue) {
  const Document d = json(R"( {"n":null,"b":true,"i":-7,"d":1.5,"s":"x","l":[1,[]],"m":{"k":{}}} )");
  EXPECT_TRUE(d.find("n")->is_null());
  EXPECT_TRUE(d.find("b")->boolean);
  EXPECT_EQ(d.find("i")->integer, -7);
  EXPECT_DOUBLE_EQ(d.find("d")->real, 1.5);
  EXPECT_EQ(d.find("s")->text, "x");
  EXPECT_TRUE(d.find("l")->items[1].is_list());
  EXPECT_TRUE(d.at({"m", "k"})->is_map());
  EXPECT_EQ(d.line, 0U);
}

TEST(Json, KeepsIntegersExactAsLongAsTheyFit) {
  EXPECT_EQ(json("9223372036854775807").integer, INT64_MAX);
  EXPECT_EQ(json("-9223372036854775808").integer, INT64_MIN);
  EXPECT_EQ(json("9223372036854775808").kind, Kind::kDouble);
  EXPECT_DOUBLE_EQ(json("9223372036854775808").real, 9223372036854775808.0);
  EXPECT_DOUBLE_EQ(json("18446744073709551616").real, 18446744073709551616.0);
  EXPECT_EQ(json("80.0").kind, Kind::kDouble);
  EXPECT_EQ(json("1e3").kind, Kind::kDouble);
  EXPECT_EQ(json("-0").kind, Kind::kInteger);
  EXPECT_EQ(json("123").text, "123");
}

TEST(Json, DecodesStrings) {
  EXPECT_EQ(json(R"("\u00e9\ud83d\ude00\n\/")").text, "\xC3\xA9\xF0\x9F\x98\x80\n/");
  const std::string big(3'000'000, 'x');
  EXPECT_EQ(json("\"" + big + "\"").text.size(), big.size());
  EXPECT_EQ(json("{\"" + big + "\":1}").members[0].first.size(), big.size());
}

TEST(Json, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"",   " ",  "{",  "[1,",     "[1,]",     "{\"a\"}", "{a:1}",   "'x'",   "nul", "01",
        "+1", ".5", "1.", "\"\\q\"", "\"\xff\"", "\"\n\"",  "// x\n1", "[1 2]", "NaN", "1e999x"}) {
    EXPECT_FALSE(error(text).empty()) << text;
  }
}

TEST(Json, NamesThePlaceOfAnError) {
  EXPECT_THAT(error("{\n  \"a\": 1,\n  x\n}"), testing::StartsWith("line 3, column 3: "));
  EXPECT_EQ(error("{\"a\":1} {}"), "line 1, column 9: more than one JSON value");
}

TEST(Json, RefusesDuplicateKeysAndNamesBothPlaces) {
  EXPECT_EQ(error(R"({"a":1,"a":2})"), "line 1, column 10: duplicate key 'a', first at line 1, column 2");
  EXPECT_EQ(error("{\"x\": [{\"a\": \"}{\"}],\n \"a\": {\"a\": 1},\n \"\\u0061\": 2}"),
            "line 3, column 9: duplicate key 'a', first at line 2, column 2");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":1,\n";
  EXPECT_TRUE(parse_json(many + "\"x\":1}"));
  EXPECT_THAT(error(many + "\"k5\":1}"), testing::HasSubstr("duplicate key 'k5', first at line 6, column 1"));
}

TEST(Json, AllowsAMillionValuesAndNotOneMore) {
  std::string text = "[";
  for (int i = 0; i < 999'998; ++i) text += "1,";
  EXPECT_TRUE(parse_json(text + "1]"));
  EXPECT_EQ(error(text + "1,1]"), "line 1, column 2000001: more than 1000000 values");
}

TEST(Json, LooksAtTextsOf64MebibytesAndAtNoLargerOnes) {
  const std::string text(kMaxTextBytes, 'x');
  EXPECT_EQ(error(text), "line 1, column 1: syntax error");
  EXPECT_EQ(error(text + "x"), "line 1, column 1: a text of more than 64 MiB");
}

TEST(Json, AllowsAHundredLevelsAndNotOneMore) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse_json(nested(100)));
  EXPECT_THAT(error(nested(101)), testing::HasSubstr("more than 100 levels"));
  EXPECT_THAT(error(std::string(1'000'000, '[')), testing::HasSubstr("more than 100 levels"));
}

}  // namespace
}  // namespace sextant
