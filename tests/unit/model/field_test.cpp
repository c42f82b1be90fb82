#include "agent/model/field.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

Document yaml(std::string_view text) { return parse_yaml(text).value().at(0); }

std::string error_of(const Field& field) { return field.error() ? field.error()->what : ""; }

TEST(Field, OfSomethingAbsentIsTheTypesZero) {
  const Document d = yaml("nothing: ~\n");
  const Field root(d);
  for (const Field& f : {root["missing"], root["nothing"], root["missing"]["deeper"]}) {
    EXPECT_FALSE(f.present());
    EXPECT_EQ(f.string(), "");
    EXPECT_FALSE(f.boolean());
    EXPECT_EQ(f.integer(1, 2), 0);
    EXPECT_EQ(f.port(), 0);
    EXPECT_TRUE(f.labels().empty());
    EXPECT_TRUE(f.items().empty());
    EXPECT_EQ(f.address(), std::nullopt);
    EXPECT_EQ(f.protocol(), Protocol::kTcp);
    EXPECT_EQ(f.string_or_number(), "");
  }
  EXPECT_EQ(error_of(root), "");
}

TEST(Field, NamesPathAndLineOfAWrongType) {
  const Document d = yaml("spec:\n  ports:\n  - port: x\n  labels:\n    app.kubernetes.io/name: 1\n");
  const std::pair<std::string, std::function<void(const Field&)>> cases[] = {
      {"spec.ports[0].port: an integer is wanted, not a string (line 3)",
       [](const Field& f) { f["spec"]["ports"].items().at(0)["port"].port(); }},
      {"spec.labels['app.kubernetes.io/name']: a string is wanted, not an integer (line 5)",
       [](const Field& f) { f["spec"]["labels"].labels(); }},
      {"spec.ports: a map is wanted, not a list (line 3)", [](const Field& f) { f["spec"]["ports"]["port"].port(); }},
      {"spec: a list is wanted, not a map (line 2)", [](const Field& f) { f["spec"].items(); }},
      {"spec: a boolean is wanted, not a map (line 2)", [](const Field& f) { f["spec"].boolean(); }},
      {"spec.ports[0].port: 'x' is no IP address (line 3)",
       [](const Field& f) { f["spec"]["ports"].items().at(0)["port"].address(); }},
      {"spec.ports[0].port: 'x' is none of TCP, UDP and SCTP (line 3)",
       [](const Field& f) { f["spec"]["ports"].items().at(0)["port"].protocol(); }},
      {"spec.missing: missing (line 2)", [](const Field& f) { f["spec"]["missing"].fail("missing"); }},
  };
  for (const auto& [wanted, read] : cases) {
    const Field root(d);
    read(root);
    EXPECT_EQ(error_of(root), wanted);
  }
}

TEST(Field, KeepsTheFirstErrorAndReadsNothingMore) {
  const Document d = yaml("a: 1\nb: x\n");
  const Field root(d);
  EXPECT_EQ(root["a"].string(), "");
  EXPECT_EQ(root["b"].integer(0, 1), 0);
  EXPECT_EQ(root["b"].string(), "");
  EXPECT_EQ(error_of(root), "a: a string is wanted, not an integer (line 1)");
}

TEST(Field, HasNoLineWhereTheDocumentHasNone) {
  const Document d = parse_json(R"({"a":1})").value();
  const Field root(d);
  root["a"].string();
  EXPECT_EQ(error_of(root), "a: a string is wanted, not an integer");
}

TEST(Field, BoundsIntegers) {
  const Document d = yaml("most: 65535\nmore: 65536\nless: -1\n");
  EXPECT_EQ(Field(d)["most"].port(), 65535);
  for (const auto* key : {"more", "less"}) {
    const Field root(d);
    root[key].port();
    EXPECT_TRUE(error_of(root).find("is not from 0 to 65535") != std::string::npos) << error_of(root);
  }
}

TEST(Field, TakesAPortByNumberOrName) {
  const Document d = yaml("number: 80\nname: http\nquoted: '80'\nwrong: [80]\n");
  const Field root(d);
  EXPECT_EQ(root["number"].string_or_number(), "80");
  EXPECT_EQ(root["name"].string_or_number(), "http");
  EXPECT_EQ(root["quoted"].string_or_number(), "80");
  EXPECT_EQ(root["wrong"].string_or_number(), "");
}

}  // namespace
}  // namespace sextant
