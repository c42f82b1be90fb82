#include "agent/manifests/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/manifests/temp_folder.h"

namespace sextant::manifests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

Strings keys(const Content& content) {
  Strings texts;
  for (const Object& object : content.objects) texts.push_back(key_of(object).to_string());
  return texts;
}

Strings problems(const Content& content) {
  Strings texts;
  for (const Problem& problem : content.problems) texts.push_back(problem.to_string());
  return texts;
}

TEST(Content, HoldsTheObjectsOfAllDocumentsWithTheirLines) {
  const Content content = parse_content(test::ns("a") + "---\n# nothing\n---\n" + test::policy("p"), "f.yaml");
  EXPECT_THAT(keys(content), ElementsAre("Namespace a", "CiliumNetworkPolicy shop/p"));
  EXPECT_EQ(origin_of(content.objects[0]).to_string(), "f.yaml:1");
  EXPECT_EQ(origin_of(content.objects[1]).to_string(), "f.yaml:7");
  EXPECT_THAT(content.problems, IsEmpty());
  EXPECT_EQ(content.ignored, 0U);
}

TEST(Content, OfNothingIsEmpty) {
  for (const auto* text : {"", "\n", "# so\n", "---\n", "---\n---\n"}) {
    const Content content = parse_content(text, "f.yaml");
    EXPECT_THAT(content.objects, IsEmpty());
    EXPECT_THAT(content.problems, IsEmpty());
    EXPECT_EQ(content.ignored, 0U);
  }
}

TEST(Content, CountsWhatSextantDoesNotRead) {
  const Content content = parse_content("{apiVersion: v1, kind: Secret, metadata: {name: x}}\n---\nreplicas: 3\n", "f");
  EXPECT_THAT(content.objects, IsEmpty());
  EXPECT_EQ(content.ignored, 2U);
}

TEST(Content, UnrollsLists) {
  const Content content = parse_content(R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: a}}
- {apiVersion: v1, kind: Secret, metadata: {name: x}}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: b}}
)",
                                        "f.yaml");
  EXPECT_THAT(keys(content), ElementsAre("Namespace a", "Namespace b"));
  EXPECT_EQ(content.ignored, 1U);
  EXPECT_EQ(origin_of(content.objects[1]).line, 9U);
}

TEST(Content, TellsTheItemsOfATypedListWhatTheyAre) {
  const Content content = parse_content(
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicyList\nitems:\n- metadata: {name: p}\n  spec: {}\n", "f.yaml");
  ASSERT_THAT(keys(content), ElementsAre("CiliumNetworkPolicy default/p"));
  EXPECT_EQ(std::get<PolicyObject>(content.objects[0]).body->at({"kind"})->text, "CiliumNetworkPolicy");
  EXPECT_THAT(keys(parse_content("{apiVersion: v1, kind: PodList, items: [{metadata: {name: a}}]}", "f")),
              ElementsAre("Pod default/a"));
}

TEST(Content, TakesAnEmptyListForNothing) {
  EXPECT_THAT(parse_content("{apiVersion: v1, kind: PodList, items: null}", "f").problems, IsEmpty());
  EXPECT_THAT(parse_content("{apiVersion: v1, kind: PodList, items: []}", "f").problems, IsEmpty());
  EXPECT_THAT(problems(parse_content("{apiVersion: v1, kind: PodList, items: {}}", "f")),
              ElementsAre("f:1: items: a list is wanted"));
  EXPECT_EQ(parse_content("{apiVersion: example.org/v1, kind: AllowList, spec: {}, metadata: {name: x}}", "f").ignored,
            1U);
}

TEST(Content, OfJsonThatIsNoYamlHasAPlaceToo) {
  // YAML begins no line with a tab.
  EXPECT_THAT(problems(parse_content("\n\t{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{}}", "f.json")),
              ElementsAre("f.json:2: metadata.name: missing"));
  EXPECT_THAT(
      problems(parse_content("\t{\"apiVersion\":\"v1\",\"kind\":\"PodList\",\"items\":[{\"metadata\":{}}]}", "f.json")),
      ElementsAre("f.json:1: metadata.name: missing"));
}

TEST(Content, ThatIsBrokenAnywhereHoldsNothing) {
  const Content yaml = parse_content(test::ns("a") + "---\na: 1\na: 2\n", "f.yaml");
  EXPECT_THAT(yaml.objects, IsEmpty());
  EXPECT_THAT(problems(yaml), ElementsAre("f.yaml:6: duplicate key 'a', first on line 5"));
  const Content field = parse_content(test::ns("a") + "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nspec:\n" +
                                          "  podCIDRs: [x]\n---\n{kind: Pod}\n",
                                      "f.yaml");
  EXPECT_THAT(field.objects, IsEmpty());
  EXPECT_EQ(field.ignored, 0U);
  EXPECT_THAT(problems(field),
              ElementsAre("f.yaml:9: spec.podCIDRs[0]: 'x' is no prefix", "f.yaml:11: apiVersion: missing"));
}

TEST(Content, ReadsJsonThatIsNoYaml) {
  // A surrogate pair is JSON's way to write what lies beyond the basic plane; YAML has none.
  const Content content = parse_content(
      "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"\\ud83d\\ude00\"}"
      "}}\n",
      "f.json");
  EXPECT_THAT(keys(content), ElementsAre("Namespace a"));
  EXPECT_THAT(problems(parse_content("{\"apiVersion\": \"v1\",\n\"kind\" \"x\"}", "f.json")).at(0),
              testing::StartsWith("f.json:2: "));
}

}  // namespace
}  // namespace sextant::manifests
