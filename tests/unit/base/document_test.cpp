#include "agent/base/document.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(Document, FindsANullAndGetDoesNot) {
  const Document d = parse_json(R"({"a":null,"b":{"c":null,"d":"x"},"e":1})").value();
  EXPECT_NE(d.find("a"), nullptr);
  EXPECT_EQ(d.get("a"), nullptr);
  EXPECT_EQ(d.get("missing"), nullptr);
  EXPECT_EQ(d.at({"b", "d"})->text, "x");
  EXPECT_EQ(d.at({"b", "c"}), nullptr);
  EXPECT_EQ(d.at({"a", "c"}), nullptr);
  EXPECT_EQ(d.at({"e", "c"}), nullptr);
  EXPECT_EQ(d.at({}), &d);
}

TEST(Document, GivesAStringOnlyForAString) {
  const Document d = parse_json(R"({"a":"x","b":1,"c":null,"d":""})").value();
  EXPECT_EQ(d.string_at("a"), "x");
  EXPECT_EQ(d.string_at("b"), "");
  EXPECT_EQ(d.string_at("c"), "");
  EXPECT_EQ(d.string_at("missing"), "");
  EXPECT_EQ(d.find("b")->string_or("other"), "other");
  EXPECT_EQ(d.find("d")->string_or("other"), "");
}

TEST(Document, NamesItsKinds) {
  using Kind = Document::Kind;
  EXPECT_EQ(Document::kind_name(Kind::kNull), "null");
  EXPECT_EQ(Document::kind_name(Kind::kBool), "a boolean");
  EXPECT_EQ(Document::kind_name(Kind::kInteger), "an integer");
  EXPECT_EQ(Document::kind_name(Kind::kDouble), "a number");
  EXPECT_EQ(Document::kind_name(Kind::kString), "a string");
  EXPECT_EQ(Document::kind_name(Kind::kList), "a list");
  EXPECT_EQ(Document::kind_name(Kind::kMap), "a map");
}

TEST(Document, EqualsOnlyTheSameTextInTheSamePlace) {
  const auto one = parse_yaml("a: [1, x]\n").value();
  EXPECT_EQ(one, parse_yaml("a: [1, x]\n").value());
  EXPECT_NE(one, parse_yaml("a: [1, 'y']\n").value());
  EXPECT_NE(one, parse_yaml("\na: [1, x]\n").value());
}

TEST(TextError, TakesTheLineOutOfTheWords) {
  const auto split = [](std::string what) {
    const TextError e = text_error({.what = std::move(what)});
    return std::pair(e.line, e.cause);
  };
  EXPECT_EQ(split("line 3, column 5: duplicate key 'a: b'"), std::pair(3U, std::string("duplicate key 'a: b'")));
  EXPECT_EQ(split("spec.podCIDRs[1]: 'x' is no prefix (line 12)"),
            std::pair(12U, std::string("spec.podCIDRs[1]: 'x' is no prefix")));
  EXPECT_EQ(split("a: '(line 3)' is no prefix (line 12)"), std::pair(12U, std::string("a: '(line 3)' is no prefix")));
  EXPECT_EQ(split("no line here"), std::pair(0U, std::string("no line here")));
  EXPECT_EQ(split("line of text: x"), std::pair(0U, std::string("line of text: x")));
}

TEST(TextError, KnowsTheErrorsOfTheParsers) {
  EXPECT_EQ(text_error(parse_yaml("a: 1\na: 2\n").error()).line, 2U);
  EXPECT_EQ(text_error(parse_json("{\n\"a\": x}").error()).line, 2U);
}

}  // namespace
}  // namespace sextant
