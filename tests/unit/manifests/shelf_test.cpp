#include "agent/manifests/shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/manifests/temp_folder.h"

namespace sextant::manifests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

Strings origins(const Shelf& shelf) {
  Strings texts;
  for (const auto& object : shelf.sum().objects) {
    texts.push_back(key_of(*object).to_string() + " " + origin_of(*object).to_string());
  }
  return texts;
}

Strings problems(const Shelf& shelf) {
  Strings texts;
  for (const Problem& problem : shelf.sum().problems) texts.push_back(problem.to_string());
  return texts;
}

void put(Shelf& shelf, const std::string& file, const std::string& text) { shelf.put(file, parse_content(text, file)); }

TEST(Shelf, SumsUpAllFilesInOrder) {
  Shelf shelf;
  put(shelf, "b.yaml", test::ns("b") + "---\n" + test::ns("a"));
  put(shelf, "a.yaml", test::ns("z") + "---\n{apiVersion: v1, kind: Secret}\n");
  EXPECT_THAT(origins(shelf), ElementsAre("Namespace z a.yaml:1", "Namespace b b.yaml:1", "Namespace a b.yaml:5"));
  EXPECT_EQ(shelf.sum().files, 2U);
  EXPECT_EQ(shelf.sum().ignored, 1U);
}

TEST(Shelf, KeepsTheLastGoodContentOfABrokenFile) {
  Shelf shelf;
  put(shelf, "a.yaml", test::ns("a"));
  put(shelf, "a.yaml", "a: [\n");
  EXPECT_THAT(origins(shelf), ElementsAre("Namespace a a.yaml:1"));
  EXPECT_EQ(problems(shelf).size(), 1U);
  shelf.fail("a.yaml", "cannot be read: Permission denied");
  EXPECT_THAT(origins(shelf), ElementsAre("Namespace a a.yaml:1"));
  EXPECT_THAT(problems(shelf), ElementsAre("a.yaml: cannot be read: Permission denied"));
  put(shelf, "a.yaml", test::ns("b"));
  EXPECT_THAT(origins(shelf), ElementsAre("Namespace b a.yaml:1"));
  EXPECT_THAT(problems(shelf), IsEmpty());
}

TEST(Shelf, HasNothingOfAFileThatWasNeverGood) {
  Shelf shelf;
  put(shelf, "a.yaml", "a: [\n");
  EXPECT_THAT(origins(shelf), IsEmpty());
  EXPECT_EQ(shelf.sum().files, 1U);
}

TEST(Shelf, ForgetsFiles) {
  Shelf shelf;
  put(shelf, "a.yaml", test::ns("a"));
  put(shelf, "b.yaml", "a: [\n");
  shelf.remove_if([](const std::string&) { return true; });
  EXPECT_THAT(origins(shelf), IsEmpty());
  EXPECT_THAT(problems(shelf), IsEmpty());
  EXPECT_EQ(shelf.sum().files, 0U);
}

TEST(Shelf, NamesBothPlacesOfAnObjectThatIsThereTwice) {
  Shelf shelf;
  put(shelf, "b.yaml", test::ns("other") + "---\n" + test::policy("p"));
  put(shelf, "a.yaml", test::policy("p"));
  EXPECT_THAT(origins(shelf), ElementsAre("CiliumNetworkPolicy shop/p a.yaml:1", "Namespace other b.yaml:1"));
  EXPECT_THAT(problems(shelf),
              ElementsAre("b.yaml:5: CiliumNetworkPolicy shop/p is in a.yaml:1 already; only that one counts"));
  shelf.remove_if([](const std::string& file) { return file == "a.yaml"; });
  EXPECT_THAT(origins(shelf), ElementsAre("Namespace other b.yaml:1", "CiliumNetworkPolicy shop/p b.yaml:5"));
  EXPECT_THAT(problems(shelf), IsEmpty());
}

TEST(Shelf, NamesBothLinesWithinAFile) {
  Shelf shelf;
  put(shelf, "a.yaml", test::ns("a") + "---\n" + test::ns("a"));
  EXPECT_THAT(problems(shelf), ElementsAre("a.yaml:5: Namespace a is in a.yaml:1 already; only that one counts"));
}

}  // namespace
}  // namespace sextant::manifests
