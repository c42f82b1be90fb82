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

}  // namespace
}  // namespace sextant
