#include "agent/kube/object_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kList =
    R"({"kind":"PodList","metadata":{"resourceVersion":"7","continue":""},"items":[{"metadata":{"name":"a","managedFields":[{"x":[1,{"y":2}]}],"labels":{"a.b/c":"d","e":"f"}},"spec":{"n":1}},{"metadata":{"name":"b"}}]})";

FieldTree list_tree() {
  FieldTree item = FieldTree::nothing();
  item.keep({"metadata name", "metadata labels a.b/c"});
  FieldTree root = FieldTree::nothing();
  root.keep("metadata resourceVersion");
  return root.graft("items", std::move(item));
}

// Fed in pieces of some size: what it tells, as text.
struct Heard {
  std::vector<Document> items{};
  std::vector<Document> documents{};
  Result<> fed{};
  Result<> finished{};
};

Heard hear(const std::string& text, std::size_t piece, FieldTree tree = list_tree()) {
  Heard heard;
  ObjectStream stream(
      std::move(tree), [&](Document&& item) { heard.items.push_back(std::move(item)); },
      [&](Document&& document) { heard.documents.push_back(std::move(document)); });
  for (std::size_t at = 0; at < text.size() && heard.fed; at += piece)
    heard.fed = stream.feed(std::string_view(text).substr(at, piece));
  heard.finished = stream.finish();
  return heard;
}

TEST(ObjectStream, TellsItemsOneByOneWithTheFieldsThatAreKept) {
  for (std::size_t piece = 1; piece <= kList.size(); ++piece) {
    const Heard heard = hear(kList, piece);
    ASSERT_TRUE(heard.fed) << piece << ": " << heard.fed.error().what;
    ASSERT_TRUE(heard.finished);
    ASSERT_EQ(heard.items.size(), 2U) << piece;
    const Document& metadata = *heard.items[0].get("metadata");
    EXPECT_EQ(metadata.string_at("name"), "a");
    EXPECT_EQ(metadata.get("managedFields"), nullptr);
    EXPECT_EQ(metadata.get("labels")->members.size(), 1U);
    EXPECT_EQ(metadata.get("labels")->string_at("a.b/c"), "d");
    EXPECT_EQ(heard.items[0].get("spec"), nullptr);
    ASSERT_EQ(heard.documents.size(), 1U);
    EXPECT_EQ(heard.documents[0].get("metadata")->string_at("resourceVersion"), "7");
    EXPECT_TRUE(heard.documents[0].get("items")->items.empty()) << "only one is held at a time";
  }
}

TEST(ObjectStream, ReadsOneEventAfterTheOther) {
  const std::string events =
      "{\"type\":\"ADDED\",\"object\":{\"a\":[]}}\n{\"type\":\"DELETED\",\"object\":{}}\n\n{\"type\":\"BOOKMARK\","
      "\"object\":{}}\n";
  for (std::size_t piece = 1; piece <= events.size(); ++piece) {
    const Heard heard = hear(events, piece, FieldTree::everything());
    ASSERT_TRUE(heard.fed && heard.finished) << piece;
    std::vector<std::string> types;
    for (const Document& event : heard.documents) types.emplace_back(event.string_at("type"));
    EXPECT_THAT(types, ElementsAre("ADDED", "DELETED", "BOOKMARK")) << piece;
    EXPECT_TRUE(heard.documents[0].at({"object", "a"})->is_list()) << "an empty list is not a missing one";
  }
}

TEST(ObjectStream, AnEventIsToldWhenItEndsAndNotWhenTheNextBegins) {
  int told = 0;
  ObjectStream stream(FieldTree::everything(), {}, [&](Document&&) { ++told; });
  ASSERT_TRUE(stream.feed(R"({"type":"ADDED"})"));
  EXPECT_EQ(told, 1);
}

TEST(ObjectStream, KeepsValuesOfEveryKind) {
  const Heard heard = hear(R"({"a":null,"b":true,"c":-1,"d":1.5,"e":18446744073709551615,"f":"\u00e9","g":{}})", 3,
                           FieldTree::everything());
  const Document& document = heard.documents.at(0);
  EXPECT_TRUE(document.find("a")->is_null());
  EXPECT_TRUE(document.find("b")->boolean);
  EXPECT_EQ(document.find("c")->integer, -1);
  EXPECT_EQ(document.find("d")->real, 1.5);
  EXPECT_EQ(document.find("e")->kind, Document::Kind::kDouble);
  EXPECT_EQ(document.find("f")->text, "\xc3\xa9");
  EXPECT_TRUE(document.find("g")->is_map());
}

TEST(ObjectStream, ANumberIsTheSameInPieces) {
  for (const std::size_t piece : {1, 3, 100}) {
    const Heard heard = hear(R"({"a":0e999999999999410,"b":1e-999})", piece, FieldTree::everything());
    ASSERT_TRUE(heard.fed) << piece;
    EXPECT_EQ(heard.documents.at(0).find("a")->real, 0.0) << piece;
    EXPECT_EQ(heard.documents.at(0).find("b")->real, 0.0) << piece;
    EXPECT_FALSE(hear(R"({"a":1e999})", piece, FieldTree::everything()).fed) << piece;
  }
}

TEST(ObjectStream, WhatIsNoJsonIsAnError) {
  EXPECT_THAT(hear("{\"a\":,}", 100, FieldTree::everything()).fed.error().what, testing::StartsWith("JSON: "));
  EXPECT_THAT(hear(R"({"a":1,"a":2})", 100, FieldTree::everything()).fed.error().what, HasSubstr("duplicate key 'a'"));
  EXPECT_FALSE(hear("404 page not found", 100).fed);
  EXPECT_THAT(hear(kList.substr(0, kList.size() - 1), 100).finished.error().what, HasSubstr("ends within an object"));
  EXPECT_TRUE(hear(R"({"x":1,"x":2})", 100).fed) << "twice, but of what nobody keeps";
}

TEST(ObjectStream, IsBoundedInDepthAndInSize) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(hear(nested(100), 7, FieldTree::everything()).fed);
  EXPECT_FALSE(hear(nested(101), 7, FieldTree::everything()).fed);
  const auto sized = [](std::size_t size) { return "{\"items\":[{\"a\":\"" + std::string(size, 'x') + "\"}]}"; };
  constexpr std::size_t kAround = 17;  // what is written before the item's last character, but for the string
  const auto fed = [&](std::size_t size) { return hear(sized(size), kAround + size).fed; };
  EXPECT_TRUE(fed(kMaxObjectBytes - kAround));
  EXPECT_THAT(fed(kMaxObjectBytes - kAround + 1).error().what, HasSubstr("larger than 8 MiB"));
}

TEST(ObjectStream, IsBoundedInValues) {
  // Two items of so many values each: the list's zeros, the list, and the item itself.
  const auto fed = [](std::size_t values) {
    std::string zeros = "0";
    for (std::size_t i = 3; i < values; ++i) zeros += ",0";
    const std::string item = "{\"a\":[" + zeros + "]}";
    FieldTree root = FieldTree::nothing();
    return hear("{\"items\":[" + item + "," + item + "]}", 65'536, root.graft("items", FieldTree::everything())).fed;
  };
  EXPECT_TRUE(fed(kMaxObjectValues));
  EXPECT_THAT(fed(kMaxObjectValues + 1).error().what, HasSubstr("more than 200000 values"));
}

TEST(FieldTree, KeepsOrDropsWithAllThatIsBelow) {
  FieldTree some = FieldTree::nothing();
  some.keep("a b");
  EXPECT_EQ(some.member("x"), nullptr);
  EXPECT_EQ(some.member("a")->member("x"), nullptr);
  EXPECT_NE(some.member("a")->member("b")->member("anything"), nullptr);
  FieldTree most = FieldTree::everything();
  most.drop("a b");
  EXPECT_EQ(most.member("a")->member("b"), nullptr);
  EXPECT_NE(most.member("a")->member("x"), nullptr);
  EXPECT_NE(most.member("x")->member("b"), nullptr);
}

}  // namespace
}  // namespace sextant::kube
