#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/base/document.h"
#include "agent/base/document_limits.h"

namespace sextant {
namespace {

using Kind = Document::Kind;
using testing::HasSubstr;
using testing::StartsWith;

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kSlowBytes = 256U << 10U;  // the sanitizers take their time
#else
constexpr std::size_t kSlowBytes = 4U << 20U;
#endif

std::vector<Document> documents(std::string_view text) {
  auto parsed = parse_yaml(text);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().what) << "\n" << text;
  return parsed.value_or(std::vector<Document>{});
}

Document document(std::string_view text) {
  auto all = documents(text);
  EXPECT_EQ(all.size(), 1U) << text;
  return all.size() == 1 ? std::move(all.front()) : Document{};
}

std::string error(std::string_view text) {
  auto parsed = parse_yaml(text);
  EXPECT_FALSE(parsed) << text;
  return parsed ? "" : parsed.error().what;
}

TEST(Yaml, KeepsMissingNullAndEmptyApart) {
  const Document d = document("bare:\nnothing: ~\nlist: []\nmap: {}\ntext: ''\n'quoted': null\n");
  EXPECT_EQ(d.find("missing"), nullptr);
  ASSERT_NE(d.find("nothing"), nullptr);
  EXPECT_TRUE(d.find("bare")->is_null());
  EXPECT_TRUE(d.find("nothing")->is_null());
  EXPECT_EQ(d.get("nothing"), nullptr);
  EXPECT_TRUE(d.find("list")->is_list());
  EXPECT_TRUE(d.find("list")->items.empty());
  EXPECT_TRUE(d.find("map")->is_map());
  EXPECT_TRUE(d.find("map")->members.empty());
  EXPECT_TRUE(d.find("text")->is_string());
  EXPECT_TRUE(d.find("quoted")->is_null());
}

TEST(Yaml, RefusesANullKey) { EXPECT_EQ(error("a: 1\n~: 2\n"), "line 2, column 1: null cannot be a key"); }

TEST(Yaml, KnowsWhereEverythingIsWritten) {
  const Document d = document("# comment\nspec:\n  ports:\n  - port: 80\n  - {port: 443}\n");
  const Document* ports = d.at({"spec", "ports"});
  ASSERT_NE(ports, nullptr);
  EXPECT_EQ(d.line, 2U);
  EXPECT_EQ(d.find("spec")->key_line, 2U);
  EXPECT_EQ(d.find("spec")->line, 3U);
  EXPECT_EQ(ports->key_line, 3U);
  EXPECT_EQ(ports->line, 4U);
  EXPECT_EQ(ports->items[0].find("port")->line, 4U);
  EXPECT_EQ(ports->items[0].find("port")->column, 11U);
  EXPECT_EQ(ports->items[1].line, 5U);
  EXPECT_EQ(ports->items[1].column, 5U);
}

TEST(Yaml, CountsLinesOverSeveralDocumentsAndWindowsLineEnds) {
  const auto all = documents("a: 1\r\n---\r\nb: 2\r\n");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].find("b")->line, 3U);
}

TEST(Yaml, ReadsEveryDocument) {
  EXPECT_EQ(documents("").size(), 0U);
  EXPECT_EQ(documents("\n# only a comment\n").size(), 0U);
  EXPECT_EQ(documents("---\n").size(), 1U);
  EXPECT_TRUE(documents("---\n")[0].is_null());
  EXPECT_EQ(documents("a: 1\n---\nb: 2\n---\n# nothing\n---\nc: 3\n").size(), 4U);
  EXPECT_EQ(documents("--- {a: 1}\n--- [b]\n").size(), 2U);
  EXPECT_EQ(documents("a: 1\n...\n").size(), 1U);
  EXPECT_EQ(documents("a: 1\n...\n---\nb: 2\n").size(), 2U);
  EXPECT_EQ(documents("%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n").size(), 2U);
  EXPECT_EQ(documents("\xEF\xBB\xBF"
                      "a: 1\n")
                .size(),
            1U);
}

TEST(Yaml, RefusesWhatIsLeftOverAfterADocument) {
  EXPECT_EQ(error("[1, 2] 3\n"),
            "line 1, column 8: the document has ended before this; the next one begins with '---'");
  EXPECT_THAT(error("{a: 1}\nb: 2\n"), StartsWith("line 2"));
  EXPECT_THAT(error("{a: 1}\n---x: 2\n"), StartsWith("line 2"));
  // Kubernetes would read only the first.
  EXPECT_THAT(error("a: 1\n...\n# so\nb: 2\n"), StartsWith("line 4"));
  EXPECT_NE(error("a: 1\n}\n"), "");
  EXPECT_NE(error("a: 1\n]\n"), "");
  EXPECT_NE(error("- a\nb: c\n"), "");
}

TEST(Yaml, ExpandsAliases) {
  const Document d = document("base: &b {x: [1, 2]}\none: *b\ntwo: [*b, *b]\nkey: &k name\n*k : 1\n");
  EXPECT_EQ(d.at({"one", "x"})->items.size(), 2U);
  EXPECT_EQ(d.find("two")->items[1].find("x")->items[1].integer, 2);
  EXPECT_EQ(d.find("name")->integer, 1);
}

TEST(Yaml, ForgetsAnchorsAtTheEndOfADocument) { EXPECT_NE(error("a: &x 1\n---\nb: *x\n"), ""); }

TEST(Yaml, RefusesAnUnknownAliasAndOneInsideItself) {
  EXPECT_THAT(error("a: *nobody\n"), StartsWith("line 1, column 4: no anchor 'nobody' stands before this"));
  EXPECT_EQ(error("a: &a [1, *a]\n"), "line 1, column 11: an alias inside what it stands for");
}

TEST(Yaml, AllowsAMillionValuesAndNotOneMore) {
  // A list and its 999 items are a thousand values, and so is each of its 998 aliases.
  std::string text = "a: &a [";
  for (int i = 0; i < 999; ++i) text += "1,";
  text += "]\nb: [";
  for (int i = 0; i < 998; ++i) text += "*a,";
  // The other thousand: the map and its two keys, the list, and these.
  for (int i = 0; i < 996; ++i) text += "1,";
  const auto most = parse_yaml(text + "]\n");
  EXPECT_TRUE(most) << most.error().what;
  EXPECT_THAT(error(text + "1]\n"), HasSubstr("more than 1000000 values, those that aliases repeat included"));
}

TEST(Yaml, DefusesABombOfAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) text += before + ", ";
    text += "]\n";
  }
  EXPECT_THAT(error(text), HasSubstr("more than 1000000 values"));
}

TEST(Yaml, DefusesABombOfAliasesToOneLongText) {
  const std::string text = "a: &a " + std::string(1U << 20U, 'x') + "\nb: [";
  std::string aliases;
  for (int i = 0; i < 62; ++i) aliases += "*a, ";
  EXPECT_TRUE(parse_yaml(text + aliases + "]\n"));
  EXPECT_EQ(error(text + aliases + "*a, *a]\n"),
            "line 2, column 253: values of more than 64 MiB, those that aliases repeat included");
}

TEST(Yaml, BoundsTheTextThatNestedAnchorsKeep) {
  std::string text;
  for (int i = 0; i < 70; ++i) text += "&a" + std::to_string(i) + " [";
  EXPECT_THAT(error(text + std::string(1U << 20U, 'x') + std::string(70, ']')),
              HasSubstr("values of more than 64 MiB below anchors"));
}

TEST(Yaml, LooksAtTextsOf64MebibytesAndAtNoLargerOnes) {
  const std::string text(kMaxTextBytes, '\x01');
  EXPECT_EQ(error(text), "line 1, column 1: the control character U+0001");
  EXPECT_EQ(error(text + "\n"), "line 1, column 1: a text of more than 64 MiB");
}

TEST(Yaml, TakesAHundredDirectivesADocumentAndNotOneMore) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "%TAG !t" + std::to_string(i) + "! tag:x,2000:\n";
  EXPECT_TRUE(parse_yaml(text + "--- a\n...\n" + text + "--- b\n"));
  EXPECT_EQ(error(text + "%TAG !x! tag:x,2000:\n--- a\n"), "line 101, column 1: more than 100 directives");
  EXPECT_THAT(error(std::string(200, '\r') + text + "%TAG !x! tag:x,2000:\r--- a\n"),
              HasSubstr("line 301, column 1: more than 100 directives"));
}

// The processor's time that reading takes, in seconds.
double reading_time(const std::string& text) {
  const std::clock_t begin = std::clock();
  static_cast<void>(parse_yaml(text));
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

// What is in a text must not decide how its size counts: 4 MiB of any take about four times as long as 1 MiB. (A reader
// that looks back at what it has read takes sixteen times as long.)
TEST(Yaml, ReadsTextsMadeToBeSlowInTimeProportionalToTheirSize) {
  const auto filled = [](std::string begin, std::string_view piece, std::size_t bytes) {
    while (begin.size() < bytes) begin += piece;
    return begin;
  };
  const std::vector<std::pair<std::string, std::string_view>> texts{{"", "["},
                                                                    {"", "{"},
                                                                    {"", "{a: "},
                                                                    {"", "[{"},
                                                                    {"", "- "},
                                                                    {"", "? "},
                                                                    {"", "a: "},
                                                                    {"", "[\n"},
                                                                    {"", "]"},
                                                                    {"", "a"},
                                                                    {"", "a b "},
                                                                    {"", "a\n"},
                                                                    {"\"", "\\n"},
                                                                    {"'", "''"},
                                                                    {"|\n", " a\n"},
                                                                    {"", "#\n"},
                                                                    {"", "&a "},
                                                                    {"", "!!a "},
                                                                    {"", "%TAG !a! a\n"},
                                                                    {"", "...\n"},
                                                                    {"", "---\n"},
                                                                    {"", "- &a 1\n"},
                                                                    {"", "- !!str 1\n"},
                                                                    {std::string(99, '['), "1,"},
                                                                    {"", ":"},
                                                                    {"", "- {name: http, port: 80}\n"}};
  constexpr double kNoise = 0.5;
  for (const auto& [begin, piece] : texts) {
    const double part = reading_time(filled(begin, piece, kSlowBytes / 4));
    EXPECT_LT(reading_time(filled(begin, piece, kSlowBytes)), 8 * part + kNoise) << begin << piece;
  }
}

TEST(Yaml, BoundsWhatNestedAnchorsKeep) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "&a" + std::to_string(i) + " [";
  for (int i = 0; i < 40'000; ++i) text += "1,";
  EXPECT_THAT(error(text + std::string(50, ']')), HasSubstr("values below anchors"));
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(Yaml, AllowsAHundredLevelsAndNotOneMore) {
  EXPECT_TRUE(parse_yaml(nested(100)));
  EXPECT_EQ(error(nested(101)), "line 1, column 101: more than 100 levels");
  EXPECT_EQ(error(nested(200'000)), "line 1, column 101: more than 100 levels");
  EXPECT_THAT(error("a: &a " + nested(60) + "\nb: " + std::string(40, '[') + "*a" + std::string(40, ']')),
              HasSubstr("more than 100 levels"));
  EXPECT_TRUE(parse_yaml("a: &a " + nested(60) + "\nb: " + std::string(39, '[') + "*a" + std::string(39, ']')));
}

TEST(Yaml, SurvivesDeepBlocks) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "- ";
  EXPECT_THAT(error(text), HasSubstr("more than 100 levels"));
  EXPECT_NE(error(std::string(5000, '{')), "");
  text.clear();
  for (int i = 0; i < 500; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(error(text), HasSubstr("more than 100 levels"));
}

TEST(Yaml, RefusesDuplicateKeys) {
  EXPECT_EQ(error("a: 1\nb: 2\na: 3\n"), "line 3, column 1: duplicate key 'a', first on line 1");
  EXPECT_EQ(error("{a: 1, a: 2}\n"), "line 1, column 8: duplicate key 'a', first on line 1");
  EXPECT_EQ(error("80: a\n'80': b\n"), "line 2, column 1: duplicate key '80', first on line 1");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  EXPECT_TRUE(parse_yaml(many));
  EXPECT_EQ(error(many + "k500: 2\n"), "line 1001, column 1: duplicate key 'k500', first on line 501");
  EXPECT_EQ(error(many + "k999: 2\n"), "line 1001, column 1: duplicate key 'k999', first on line 1000");
}

TEST(Yaml, MakesKeysStrings) {
  const Document d = document("0x50 : a\nyes: b\n1.5: c\n'': d\n");
  EXPECT_EQ(d.string_at("80"), "a");
  EXPECT_EQ(d.string_at("true"), "b");
  EXPECT_EQ(d.string_at("1.5"), "c");
  EXPECT_EQ(d.string_at(""), "d");
  // Both spellings are one key.
  EXPECT_EQ(error("80: a\n0x50: b\n"), "line 2, column 1: duplicate key '80', first on line 1");
}

TEST(Yaml, RefusesListsAndMapsAsKeys) {
  EXPECT_EQ(error("? [a, b]\n: c\n"), "line 1, column 3: a list cannot be a key");
  EXPECT_EQ(error("? {a: b}\n: c\n"), "line 1, column 3: a map cannot be a key");
}

TEST(Yaml, MergesMaps) {
  const Document d = document(
      "base: &b {p: 1, q: 2}\nother: &o {q: 3, r: 4}\none:\n  q: 9\n  <<: *b\ntwo:\n  <<: [*b, *o]\n"
      "three: {'<<': 5}\n");
  EXPECT_EQ(d.at({"one", "q"})->integer, 9);
  EXPECT_EQ(d.at({"one", "p"})->integer, 1);
  EXPECT_EQ(d.at({"two", "q"})->integer, 2);
  EXPECT_EQ(d.at({"two", "r"})->integer, 4);
  EXPECT_EQ(d.find("two")->find("<<"), nullptr);
  EXPECT_EQ(d.at({"three", "<<"})->integer, 5);
  EXPECT_EQ(error("a:\n  <<: 1\n"), "line 2, column 7: '<<' takes a map or a list of maps");
  EXPECT_EQ(error("a:\n  <<: [1]\n"), "line 2, column 7: '<<' takes a map or a list of maps");
  EXPECT_EQ(error("b: &b {}\na:\n  <<: *b\n  <<: *b\n"), "line 4, column 3: duplicate key '<<'");
}

TEST(Yaml, ReadsBlockScalars) {
  const Document d = document("literal: |\n  a\n   b\n  \tc\n\nfolded: >-\n  a\n  b\n\n  c\n");
  EXPECT_EQ(d.string_at("literal"), "a\n b\n\tc\n");
  EXPECT_EQ(d.string_at("folded"), "a b\nc");
}

TEST(Yaml, ReadsQuotesAndEscapes) {
  const Document d = document(R"({"a": "x\ty\u00e9\/", 'b': 'it''s', "c":"\x41\U0001F600"})");
  EXPECT_EQ(d.find("a")->text, "x\ty\xC3\xA9/");
  EXPECT_EQ(d.find("b")->text, "it's");
  EXPECT_EQ(d.find("c")->text, "A\xF0\x9F\x98\x80");
}

TEST(Yaml, ReadsJson) {
  const Document d = document("{\n\t\"a\": [1, 2.5, true, null, \"x\"],\n\t\"b\":{\"c\":\"d\"}\n}\n");
  EXPECT_EQ(d.find("a")->items.size(), 5U);
  EXPECT_EQ(d.at({"b", "c"})->text, "d");
}

TEST(Yaml, RefusesTabsAsIndentation) {
  EXPECT_NE(error("a:\n\tb: 1\n"), "");
  EXPECT_NE(error("a:\n  b: 1\n\tc: 2\n"), "");
}

TEST(Yaml, RefusesBrokenText) {
  for (const std::string_view text : {"a: [1, 2",
                                      "a: {b: 1",
                                      "a: 'x",
                                      "a: \"x",
                                      "a: b: c",
                                      "a: \"\\q\"",
                                      "a: @x",
                                      "a: `x`",
                                      "a: %x",
                                      "*a",
                                      "a:\n  b: 1\n c: 2\n",
                                      "a: 1\n b: 2\n",
                                      "a: |\n x\ny",
                                      "? a\n? b\n: [",
                                      "!<",
                                      "a: !<x 1",
                                      "[a, b}}",
                                      "{a: 1]]",
                                      "a: ]",
                                      "a: }",
                                      "%YAML 9",
                                      "%YAML 1.1\n%YAML 1.1\n---\n"}) {
    const auto parsed = parse_yaml(text);
    if (!parsed) {
      EXPECT_FALSE(parsed.error().what.empty()) << text;
    } else {
      ADD_FAILURE() << "accepted: " << text;
    }
  }
}

TEST(Yaml, SaysWhatIsWrongInPlainWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"a:\n\tb: 1\n", "line 2, column 1: a tab in the indentation, which YAML makes of blanks only"},
      {"a: b: c\n",
       "line 1, column 5: a ':' where no value can stand: a second one on the line, or a wrong indentation"},
      {"a:\n  b: 1\n c: 2\n", "line 3, column 2: not indented as the keys above it, or behind a value that has ended"},
      {"a:\n  - b\n c: d\n", "line 3, column 2: not indented as the keys above it, or behind a value that has ended"},
      {"a: [1, 2\nb: 3\n", "line 2, column 2: a ',' or a ']' is missing before this"},
      {"a: {b: 1\nc: 2\n", "line 2, column 2: a ',' or a '}' is missing before this"},
      {"a: @x\n", "line 1, column 4: a character that cannot begin a value without quotes around it"},
      {"a: \"x", "line 1, column 4: the quoted string that begins here does not end"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(error(text), wanted) << text;
}

TEST(Yaml, NamesTheLastLineWhereATextIsCutOff) {
  EXPECT_EQ(error("a:\n- [1, \xC3\xA4"), "line 2, column 8: a ',' or a ']' is missing before this");
  EXPECT_EQ(error("a:\n- [1, b\n"), "line 3, column 1: a ',' or a ']' is missing before this");
  EXPECT_EQ(document("? c").find("c")->line, 1U);
  EXPECT_EQ(document("x: 1\na:").find("a")->line, 2U);
}

TEST(Yaml, RefusesAFileThatIsCutOffInAKey) {
  EXPECT_EQ(error("a: 1\nspe"), "line 2, column 1: neither 'key: value' nor a list item");
  EXPECT_EQ(error("a:\n- b: 1\n  'c'"), "line 3, column 3: neither 'key: value' nor a list item");
  EXPECT_NE(error("a: 1\nspe\nb: 1\n"), "");
  EXPECT_TRUE(document("a: 1\nspe:").find("spe")->is_null());
  EXPECT_TRUE(document("a: 1\n? spe").find("spe")->is_null());
  EXPECT_TRUE(document("{a, b}").find("a")->is_null());
}

TEST(Yaml, RefusesAQuoteThatNeverEnds) {
  EXPECT_EQ(error("a: 1\nb: \"x\nc: 1\n"), "line 2, column 4: the quoted string that begins here does not end");
  for (const std::string text : {"a: '", "a: \"", "a: !!str \"", "- '", "a: 'x", "a: 'x''", "a: \"x\\\"",
                                 "a: &b !!str 'x", "a: !\"", "{a: \"b", "a: \"b\\\"\nc: |\n  d", "'a"}) {
    EXPECT_NE(error(text), "") << text;
    EXPECT_NE(error(text + "\n"), "") << text;
    EXPECT_NE(error(text + "\n\n# so\n"), "") << text;
  }
  EXPECT_EQ(document("a: ''").string_at("a"), "");
  EXPECT_EQ(document("a: \"x\"").string_at("a"), "x");
  EXPECT_EQ(document("a: it's'").string_at("a"), "it's'");
  EXPECT_EQ(document("a: &b !!str 'it''s'").string_at("a"), "it's");
  EXPECT_EQ(document("\xEF\xBB\xBF"
                     "a: 'x'")
                .string_at("a"),
            "x");
  EXPECT_EQ(document("a: |\n  \"b").string_at("a"), "\"b");
}

TEST(Yaml, RefusesADirectiveWithoutADocument) {
  EXPECT_EQ(error("a: 1\n%b\n# so\n\n"), "line 2, column 3: found unknown directive name");
  EXPECT_EQ(error("%YAML 1.2\n"),
            "line 2, column 1: the document has ended before this; the next one begins with '---'");
  EXPECT_EQ(documents("%YAML 1.2\n---\n").size(), 1U);
}

TEST(Yaml, RefusesEmptyItemsInBrackets) {
  EXPECT_EQ(error("a: [1, , 2]\n"), "line 1, column 8: a value is missing before this");
  EXPECT_EQ(error("a: [, 1]\n"), "line 1, column 5: a value is missing before this");
  EXPECT_EQ(document("a: [1, 2, ]\n").find("a")->items.size(), 2U);
  EXPECT_EQ(document("a: [~, null]\n").find("a")->items.size(), 2U);
  EXPECT_EQ(document("a:\n-\n- 1\n").find("a")->items.size(), 2U);
  EXPECT_TRUE(document("{a: , b: 1}\n").find("a")->is_null());
}

TEST(Yaml, RefusesAValueThatIsNotIndented) {
  EXPECT_EQ(error("a:\n'b'\n"), "line 2, column 1: neither 'key: value' nor a list item");
  EXPECT_NE(error("a:\nb\nc: 1\n"), "");
  EXPECT_NE(error("a: &x b\nc:\n*x\n"), "");
  EXPECT_NE(error("a:\n[b]\n"), "");
  EXPECT_NE(error("a:\n{b: c}\n"), "");
  EXPECT_NE(error("x:\n  a:\n  'b'\n  c: 1\n"), "");
  EXPECT_EQ(document("a:\n b\n").string_at("a"), "b");
  EXPECT_EQ(document("- a:\n   b\n").items[0].string_at("a"), "b");
  EXPECT_EQ(document("a:\n- b\n").find("a")->items.size(), 1U);
}

TEST(Yaml, RefusesNamesOfAnchorsThatAreSlips) {
  EXPECT_EQ(error("a: &b'c'\n"),
            "line 1, column 6: a name of letters, digits, '-' and '_', with a blank behind it, is wanted");
  EXPECT_NE(error("a: &b*c\n"), "");
  EXPECT_EQ(document("a: &b:c\n").string_at("a"), ":c");  // as Kubernetes reads it
  EXPECT_EQ(document("a: &b_1-C d\ne: *b_1-C\n").string_at("e"), "d");
}

TEST(Yaml, RefusesTagsBeyondTheCoreSchema) {
  EXPECT_THAT(error("a: !mine 1\n"), HasSubstr("tag '!mine' is none of YAML's core schema"));
  EXPECT_THAT(error("a: !!binary aGk=\n"), HasSubstr("core schema"));
  EXPECT_THAT(error("a: !mine [1]\n"), HasSubstr("core schema for a list"));
  EXPECT_THAT(error("a: !!map [1]\n"), HasSubstr("core schema for a list"));
  EXPECT_THAT(error("a: !!int x\n"), HasSubstr("'x' is no !!int"));
  const Document d =
      document("a: !!str 1\nb: !!seq [1]\nc: !!map {x: 1}\nd: ! 7\nd2: ! '7'\ne: !!int '8'\nf: !!float 1\n");
  EXPECT_EQ(d.find("a")->text, "1");
  EXPECT_TRUE(d.find("a")->is_string());
  EXPECT_EQ(d.find("d")->integer, 7);  // as goyaml.v2 has it
  EXPECT_EQ(d.find("d2")->integer, 7);
  EXPECT_EQ(d.find("e")->integer, 8);
}

TEST(Yaml, RefusesBytesThatAreNoText) {
  EXPECT_EQ(error(std::string_view("a: 1\nb: \0x\n", 10)), "line 2, column 4: the control character U+0000");
  EXPECT_EQ(error("a: 1\n\x04\nb: 2\n"), "line 2, column 1: the control character U+0004");
  EXPECT_EQ(error("a: \xff\n"), "line 1, column 4: not UTF-8");
  EXPECT_EQ(error("a: \xc0\xaf\n"), "line 1, column 4: not UTF-8");
  EXPECT_EQ(error("a: \xed\xa0\x80\n"), "line 1, column 4: not UTF-8");
  EXPECT_EQ(error("a: \xf4\x90\x80\x80\n"), "line 1, column 4: not UTF-8");
  EXPECT_EQ(error("a: \xe2\x82"), "line 1, column 4: not UTF-8");
  EXPECT_EQ(error(std::string_view("\xff\xfe"
                                   "a\0:\0",
                                   6)),
            "line 1, column 1: not UTF-8");
  EXPECT_EQ(error("a: \x1b[31m\n"), "line 1, column 4: the control character U+001B");
  EXPECT_EQ(document("a: \xe2\x82\xac\n").find("a")->text, "\xe2\x82\xac");
}

}  // namespace
}  // namespace sextant
