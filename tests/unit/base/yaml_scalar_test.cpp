#include "agent/base/yaml_scalar.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

using Kind = Document::Kind;

Document plain(std::string_view text) {
  const auto value = resolve_plain(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(Document{});
}

TEST(YamlScalar, YesAndNoAreBooleans) {
  for (const auto text : {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}) {
    EXPECT_EQ(plain(text).kind, Kind::kBool) << text;
    EXPECT_TRUE(plain(text).boolean) << text;
    EXPECT_EQ(plain(text).text, text);
  }
  for (const auto text : {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}) {
    EXPECT_EQ(plain(text).kind, Kind::kBool) << text;
    EXPECT_FALSE(plain(text).boolean) << text;
  }
  for (const auto text : {"yEs", "tRUE", "oN", "yess", "t", "f", "o"})
    EXPECT_EQ(plain(text).kind, Kind::kString) << text;
}

TEST(YamlScalar, NothingIsNull) {
  for (const auto text : {"", "~", "null", "Null", "NULL"}) EXPECT_TRUE(plain(text).is_null()) << text;
  for (const auto text : {"nULL", "nil", "none", "~~"}) EXPECT_TRUE(plain(text).is_string()) << text;
}

TEST(YamlScalar, IntegersHaveBases) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0", 0},        {"80", 80},     {"-80", -80}, {"+80", 80},  {"0x50", 80},
      {"0X5f", 95},    {"-0x10", -16}, {"010", 8},   {"0o17", 15}, {"0b101", 5},
      {"1_000", 1000}, {"0x5_0", 80},  {"00", 0},    {"1__0", 10}, {"9223372036854775807", INT64_MAX},
      {"80.0", 80},    {"1e3", 1000},  {"089", 89},  {"-0", 0},    {"-9223372036854775808", INT64_MIN},
      {"1.", 1},       {"+1.5e1", 15},
  };
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(plain(text).kind, Kind::kInteger) << text;
    EXPECT_EQ(plain(text).integer, value) << text;
    EXPECT_EQ(plain(text).text, text) << text;
  }
}

TEST(YamlScalar, FractionsAndHugeIntegersAreDoubles) {
  const std::pair<const char*, double> cases[] = {{"1.5", 1.5},
                                                  {".5", 0.5},
                                                  {"-1.5e-3", -0.0015},
                                                  {"+2.5", 2.5},
                                                  {"0.1", 0.1},
                                                  {"9223372036854775808", 9223372036854775808.0},
                                                  {"-9223372036854775809", -9223372036854775809.0},
                                                  {"123456789012345678901234567890", 123456789012345678901234567890.0},
                                                  {"1e300", 1e300}};
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(plain(text).kind, Kind::kDouble) << text;
    EXPECT_DOUBLE_EQ(plain(text).real, value) << text;
  }
}

TEST(YamlScalar, TheRestAreStrings) {
  for (const auto text :
       {"0x",  "0xg",   "1.2.3", "2001:db8::1", "10.0.0.1", "1.19.3", "2026-11-21", "2026-11-21T08:00:00Z",
        "1e",  "e1",    "1e999", "-",           "+",        ".",      "..",         "--1",
        "+-1", "1-",    "10m",   "0b2",         "0o8",      "_1",     "1:30",       "0xffffffffffffffffff",
        "-x",  "+.5.5", "true ", "<<"}) {
    EXPECT_TRUE(plain(text).is_string()) << text;
    EXPECT_EQ(plain(text).text, text);
  }
}

TEST(YamlScalar, InfinityIsNoValue) {
  for (const auto text : {".inf", "-.inf", "+.Inf", ".nan", ".NaN"}) {
    const auto value = resolve_plain(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().what, "'" + std::string(text) + "' is no number that JSON can hold");
  }
}

TEST(YamlScalar, TagsDecide) {
  EXPECT_TRUE(resolve_tagged("!", "80")->is_string());
  EXPECT_TRUE(resolve_tagged("tag:yaml.org,2002:str", "80")->is_string());
  EXPECT_EQ(resolve_tagged("tag:yaml.org,2002:int", "0x50")->integer, 80);
  EXPECT_TRUE(resolve_tagged("tag:yaml.org,2002:null", "")->is_null());
  EXPECT_TRUE(resolve_tagged("tag:yaml.org,2002:bool", "yes")->boolean);
  EXPECT_FALSE(resolve_tagged("tag:yaml.org,2002:int", "x"));
  EXPECT_FALSE(resolve_tagged("tag:yaml.org,2002:bool", "1"));
  EXPECT_FALSE(resolve_tagged("tag:yaml.org,2002:timestamp", "2026-11-21"));
  EXPECT_FALSE(resolve_tagged("!mine", "x"));
}

}  // namespace
}  // namespace sextant
