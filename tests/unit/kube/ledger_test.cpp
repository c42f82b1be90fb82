#include "agent/kube/ledger.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Digest digest(const std::string& json) { return digest_of(*parse_json(json)); }

TEST(Ledger, NewsIsWhatDiffers) {
  Ledger ledger;
  const Digest one = digest(R"({"a":1})");
  EXPECT_TRUE(ledger.note({"shop", "web"}, one, 1));
  EXPECT_FALSE(ledger.note({"shop", "web"}, one, 2));
  EXPECT_TRUE(ledger.note({"shop", "web"}, digest(R"({"a":2})"), 3));
  EXPECT_TRUE(ledger.note({"ops", "web"}, one, 4));
  EXPECT_EQ(ledger.version_of({"shop", "web"}), 3U);
  EXPECT_EQ(ledger.version_of({"shop", "db"}), 0U);
  EXPECT_TRUE(ledger.forget({"shop", "web"}));
  EXPECT_FALSE(ledger.forget({"shop", "web"}));
}

TEST(Ledger, WhatAListDoesNotHoldIsGone) {
  Ledger ledger;
  for (const char* name : {"a", "b", "c"}) ledger.note({"", name}, {}, 1);
  ledger.begin_list();
  ledger.note({"", "b"}, {}, 2);
  EXPECT_THAT(ledger.end_list(), ElementsAre(Name{"", "a"}, Name{"", "c"}));
  EXPECT_THAT(ledger.clear(), ElementsAre(Name{"", "b"}));
  EXPECT_THAT(ledger.clear(), IsEmpty());
}

TEST(Ledger, ItsChecksumIsThatOfAListInWhateverOrder) {
  Ledger ledger;
  EXPECT_EQ(ledger.checksum(), 0U);
  ledger.note({"shop", "web"}, {}, 7);
  EXPECT_EQ(ledger.checksum(), 0x469c203435b2a901U) << "FNV-1a of shop/web@7";
  const std::uint64_t web = ledger.checksum();
  ledger.note({"", "n1"}, {}, 8);
  const std::uint64_t both = ledger.checksum();
  ledger.note({"shop", "web"}, {}, 9);
  EXPECT_NE(ledger.checksum(), both);
  ledger.forget({"shop", "web"});
  ledger.begin_list();
  ledger.note({"shop", "web"}, {}, 7);
  EXPECT_EQ(ledger.checksum(), both);
  ledger.end_list();
  EXPECT_EQ(ledger.checksum(), web);
  ledger.clear();
  EXPECT_EQ(ledger.checksum(), 0U);
}

TEST(Ledger, AListThatBreaksOffTakesNothingAway) {
  Ledger ledger;
  ledger.note({"", "a"}, {}, 1);
  ledger.begin_list();
  ledger.begin_list();
  ledger.note({"", "a"}, {}, 1);
  EXPECT_THAT(ledger.end_list(), IsEmpty());
}

TEST(Digest, DoesNotCountTheResourceVersion) {
  EXPECT_EQ(digest(R"({"metadata":{"name":"a","resourceVersion":"1"}})"),
            digest(R"({"metadata":{"name":"a","resourceVersion":"2"}})"));
  EXPECT_NE(digest(R"({"spec":{"resourceVersion":"1"}})"), digest(R"({"spec":{"resourceVersion":"2"}})"));
}

TEST(Digest, TellsValuesApartThatLookAlike) {
  const char* texts[]{R"({"a":""})",        R"({"a":null})",   R"({"a":[]})",          R"({"a":{}})",
                      R"({"a":1})",         R"({"a":"1"})",    R"({"a":true})",        R"({"a":false})",
                      R"({"a":["b","c"]})", R"({"a":["bc"]})", R"({"a":["b"],"c":1})", R"({})"};
  std::set<Digest> digests;
  for (const char* text : texts) digests.insert(digest(text));
  EXPECT_EQ(digests.size(), std::size(texts));
}

TEST(Name, IsTheObjects) {
  EXPECT_EQ(name_of(*parse_json(R"({"metadata":{"namespace":"shop","name":"web"}})")).to_string(), "shop/web");
  EXPECT_EQ(name_of(*parse_json(R"({"metadata":{"name":"n1"}})")).to_string(), "n1");
  EXPECT_EQ(name_of(*parse_json("[]")).name, "");
}

}  // namespace
}  // namespace sextant::kube
