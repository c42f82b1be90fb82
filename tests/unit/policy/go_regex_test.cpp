#include "agent/policy/go_regex.h"

#include <ctime>

#include <gtest/gtest.h>

namespace sextant::policy {
namespace {

TEST(GoRegex, CompilesWhatGoCompiles) {
  for (const auto* pattern : {"",
                              "GET",
                              "/api/v[0-9]+/.*",
                              "^/$",
                              "(?i)get|post",
                              "(?P<name>a)(?<other>b)",
                              "a{2,1000}",
                              "[[:alpha:]]+",
                              "\\d\\w\\s\\b",
                              "\\pL\\p{Greek}\\P{L}",
                              "\\x41\\x{1F600}",
                              "\\Qa+b\\E",
                              "(a+)+",
                              "a*(?i)*",
                              "(?P<a>x)(?P<a>y)",
                              "(a|b)*?",
                              "[^]a]",
                              "[a\\-z]",
                              "{",
                              "a{,2}",
                              "a{x}",
                              "(?s-i:x)",
                              "\\z",
                              "é+"}) {
    EXPECT_EQ(regex_error(pattern), std::nullopt) << pattern;
  }
}

TEST(GoRegex, RefusesWhatGoRefuses) {
  for (const auto* pattern : {"(",      ")",           "a)",
                              "[",      "[a",          "[z-a]",
                              "*",      "+a",          "?",
                              "a{2,1}", "a{1001}",     "(?P<>x)",
                              "(?=a)",  "(?<!a)",      "\\",
                              "\\1",    "\\8",         "\\p{nonsense}",
                              "\\x",    "\\x{110000}", "[[:nonsense:]]",
                              "a**",    "a**?",        "a|*",
                              "(?i)*",  "(?z)",        "\\Z",
                              "\xff"}) {
    EXPECT_TRUE(regex_error(pattern).has_value()) << pattern;
  }
}

TEST(GoRegex, LimitsNesting) {
  EXPECT_EQ(regex_error(std::string(999, '(') + std::string(999, ')')), std::nullopt);
  EXPECT_TRUE(regex_error(std::string(1000, '(') + std::string(1000, ')')).has_value());
}

TEST(GoRegex, LimitsWhatRepetitionsMultiplyTo) {
  EXPECT_EQ(regex_error("(a{10}){100}"), std::nullopt);
  EXPECT_TRUE(regex_error("(a{10}){101}").has_value());
  EXPECT_EQ(regex_error("((a{1000}){0}){1000}"), std::nullopt);
}

TEST(GoRegex, TakesTimeInProportionToThePattern) {
  const auto many = [](std::string_view piece) {
    std::string text;
    for (int i = 0; i < 500'000; ++i) text += piece;
    return text;
  };
  for (const std::string& pattern : {many("[a]"), many("[[:"), "[" + many("[:"), many("{1"), many("a{1,"), many("(?i)"),
                                     many("a|"), many("\\Q"), many("\\p{"), many("a?")}) {
    const std::clock_t begin = std::clock();
    static_cast<void>(regex_error(pattern));
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 2) << pattern.substr(0, 8);
  }
}

TEST(GoRegex, SaysWhatIsWrong) { EXPECT_EQ(regex_error("a(b"), "missing closing ): `(b`"); }

}  // namespace
}  // namespace sextant::policy
