#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "agent/base/document.h"
#include "agent/report/json.h"

namespace sextant::report {
namespace {

std::string yaml_of(std::string_view json) { return to_yaml(boost::json::parse(json)); }

TEST(Yaml, IsBlockYamlThatKubectlWouldPrint) {
  EXPECT_EQ(yaml_of(R"({"findings":[{"id":"SXT001-6f1c2b9d","port":443,"policies":[],"source":{"class":"world",
                        "prefixes":["2000::/3"]},"resolvedAt":null}]})"),
            "findings:\n"
            "- id: SXT001-6f1c2b9d\n"
            "  port: 443\n"
            "  policies: []\n"
            "  source:\n"
            "    class: world\n"
            "    prefixes:\n"
            "    - \"2000::/3\"\n"
            "  resolvedAt: null\n");
}

TEST(Yaml, KeepsTheLinesOfTextThatIsYamlItself) {
  EXPECT_EQ(yaml_of(R"({"fix":"kind: X\nspec:\n  a: 1\n"})"), "fix: |\n  kind: X\n  spec:\n    a: 1\n");
}

TEST(Yaml, PrintsAScalarOrAnEmptyContainerAlone) {
  EXPECT_EQ(yaml_of("{}"), "{}\n");
  EXPECT_EQ(yaml_of("[]"), "[]\n");
  EXPECT_EQ(yaml_of("[[1,2],[],{}]"), "-\n  - 1\n  - 2\n- []\n- {}\n");
}

// Strings that a reader of YAML could take for something else.
TEST(Yaml, EveryStringReadsBackAsItself) {
  for (const std::string text : {"",
                                 " ",
                                 "yes",
                                 "No",
                                 "true",
                                 "null",
                                 "~",
                                 "1",
                                 "0x1",
                                 "1e3",
                                 "2001:db8::1",
                                 "a: b",
                                 "a #b",
                                 "- a",
                                 "? a",
                                 "!a",
                                 "&a",
                                 "*a",
                                 "%a",
                                 "@a",
                                 "`a",
                                 "'a'",
                                 "\"a\"",
                                 "{a",
                                 "[a",
                                 "a,b",
                                 "|",
                                 ">",
                                 "a\nb",
                                 "a\n",
                                 "\na\n",
                                 "a\n\n",
                                 " a\n",
                                 "a\n  b\n",
                                 "\t",
                                 "a\\b",
                                 "caf\xc3\xa9",
                                 "\x01",
                                 "\x7f\n",
                                 "\xc2\x80\xc2\x9f\xc2\xa0",
                                 "\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd",
                                 "2026-11-21T08:00:00Z",
                                 "=",
                                 "<<",
                                 "a ",
                                 "key:",
                                 "---",
                                 "...",
                                 "inf",
                                 ".nan",
                                 "n"}) {
    const boost::json::value value{{"key", text}, {text, 1}, {"list", {text}}};
    const std::string yaml = to_yaml(value);
    const auto read = parse_yaml(yaml);
    ASSERT_TRUE(read) << yaml << read.error().what;
    ASSERT_EQ(read->size(), 1U) << yaml;
    const Document* of_key = read->front().find("key");
    ASSERT_TRUE(of_key != nullptr && of_key->is_string()) << yaml;
    EXPECT_EQ(of_key->text, text) << yaml;
    EXPECT_EQ(read->front().find("list")->items.at(0).text, text) << yaml;
    EXPECT_TRUE(text == "key" || read->front().find(text) != nullptr) << yaml;
  }
}

}  // namespace
}  // namespace sextant::report
