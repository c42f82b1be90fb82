// Damaged texts: whatever they are, the parsers answer with a value that keeps its promises or with an error that has
// words.
#include "tests/unit/base/mutation.h"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

#include "agent/base/document.h"

namespace sextant {
namespace {

using Kind = Document::Kind;

constexpr std::array<std::string_view, 4> kYaml{
    R"(# a policy
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop, labels: {"a.b/c": 'd', e: ~}}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromCIDRSet:
    - cidr: 2001:db8::/32
      except: ["2001:db8:1::/48", 2001:db8:2::/48]
    toPorts: &ports
    - ports: [{port: "5432", protocol: TCP}]
  - fromEntities: [cluster]
    toPorts: *ports
---
x: |
  literal
   text
y: >-
  folded
  text
z: [1, 0x1f, 010, 1.5, yes, null, .5e3]
)",
    "a: &a {b: 1}\nc:\n  <<: *a\n  d: \"\\u00e9\\n\"\n? e\n: f\n...\n---\n- - - deep\n  - 'it''s'\n- !!str 5\n- ! x\n",
    "{\"a\": [1, 2.5, true, null, \"x\\ty\"], \"b\": {\"c\": \"d\"}}\n",
    "%YAML 1.1\n---\nkey with blanks: value with: colon\nurl: http://x/y#z\nempty:\n"};

constexpr std::array<std::string_view, 2> kJson{
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"\u00e9\ud83d\ude00"}},
"n":[-1,0,1.5e3,18446744073709551615]})",
    R"([[],{},"",null,true,false,[[[[{"a":[{}]}]]]]])"};

// Every promise of document.h about what a parser gives.
void expect_sound(const Document& document, std::size_t level = 1) {
  ASSERT_LE(level, 101U);
  EXPECT_TRUE(document.is_list() || document.items.empty());
  EXPECT_TRUE(document.is_map() || document.members.empty());
  for (const Document& item : document.items) expect_sound(item, level + 1);
  std::set<std::string_view> keys;
  for (const auto& [key, value] : document.members) {
    EXPECT_TRUE(keys.insert(key).second) << key;
    expect_sound(value, level + 1);
  }
}

constexpr auto kTime = std::chrono::seconds(3);  // at most, on a busy machine; the seeds are the same always

TEST(Mutation, NeverBreaksTheYamlParser) {
  test::Mutator mutator(20'261'121);
  const auto end = std::chrono::steady_clock::now() + kTime;
  int good = 0;
  for (int i = 0; i < 6'000 && std::chrono::steady_clock::now() < end; ++i) {
    const std::string text = mutator.damage(std::string(kYaml[mutator.below(kYaml.size())]));
    const auto parsed = parse_yaml(text);
    if (!parsed) {
      EXPECT_TRUE(parsed.error().what.starts_with("line ")) << parsed.error().what << "\n" << text;
      EXPECT_NE(text_error(parsed.error()).line, 0U);
      EXPECT_FALSE(text_error(parsed.error()).cause.empty());
      continue;
    }
    ++good;
    for (const Document& document : *parsed) expect_sound(document);
  }
  EXPECT_GT(good, 50);
}

TEST(Mutation, NeverBreaksTheJsonParser) {
  test::Mutator mutator(2);
  const auto end = std::chrono::steady_clock::now() + kTime;
  for (int i = 0; i < 20'000 && std::chrono::steady_clock::now() < end; ++i) {
    const std::string text = mutator.damage(std::string(kJson[mutator.below(kJson.size())]));
    const auto parsed = parse_json(text);
    if (parsed) {
      expect_sound(*parsed);
    } else {
      EXPECT_TRUE(parsed.error().what.starts_with("line ")) << parsed.error().what;
    }
  }
}

TEST(Mutation, OfEveryLengthEndsInAnErrorOrAValue) {
  for (const std::string_view text : kYaml) {
    for (std::size_t length = 0; length <= text.size(); ++length) {
      const auto parsed = parse_yaml(text.substr(0, length));
      EXPECT_TRUE(parsed || !parsed.error().what.empty());
    }
  }
}

// Any JSON text, of strings that YAML can hold too.
std::string any_json(test::Mutator& random, int depth = 0) {
  static constexpr std::array<std::string_view, 12> kScalars{
      "null",    "true", "false", "0", "-1", "123456789", "1.5", "-0.25", "\"\"", "\"x: y\"", "\"\\u00e9\\n\\\"\\\\\"",
      "\"# no\""};
  const std::size_t kind = random.below(depth < 5 ? 4 : 2);
  if (kind < 2) return std::string(kScalars[random.below(kScalars.size())]);
  std::string text = kind == 2 ? "[" : "{";
  const std::size_t count = random.below(5);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += random.below(2) == 0 ? "," : " ,\n ";
    if (kind == 3) text += "\"k" + std::to_string(i) + (random.below(2) == 0 ? "\":" : "\": ");
    text += any_json(random, depth + 1);
  }
  return text + (kind == 2 ? "]" : "}");
}

void expect_same(const Document& a, const Document& b) {
  ASSERT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.boolean, b.boolean);
  EXPECT_EQ(a.integer, b.integer);
  EXPECT_DOUBLE_EQ(a.real, b.real);
  EXPECT_TRUE(!a.is_string() || a.text == b.text) << a.text << " " << b.text;
  ASSERT_EQ(a.items.size(), b.items.size());
  for (std::size_t i = 0; i < a.items.size(); ++i) expect_same(a.items[i], b.items[i]);
  ASSERT_EQ(a.members.size(), b.members.size());
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    EXPECT_EQ(a.members[i].first, b.members[i].first);
    expect_same(a.members[i].second, b.members[i].second);
  }
}

TEST(Mutation, LetsBothParsersReadTheSameInJson) {
  test::Mutator random(3);
  const auto end = std::chrono::steady_clock::now() + kTime;
  for (int i = 0; i < 2'000 && std::chrono::steady_clock::now() < end; ++i) {
    const std::string text = any_json(random);
    const auto json = parse_json(text);
    const auto yaml = parse_yaml(text);
    ASSERT_TRUE(json) << json.error().what << "\n" << text;
    ASSERT_TRUE(yaml) << yaml.error().what << "\n" << text;
    ASSERT_EQ(yaml->size(), 1U) << text;
    expect_same(*json, yaml->front());
    if (HasFailure()) FAIL() << text;
  }
}

}  // namespace
}  // namespace sextant
