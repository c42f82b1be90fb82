#include "agent/manifests/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/manifests/temp_folder.h"

namespace sextant::manifests {
namespace {

using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> keys(const Loaded& loaded) {
  std::vector<std::string> texts;
  for (const Object& object : loaded.objects) texts.push_back(key_of(object).to_string());
  return texts;
}

TEST(Problem, NamesTheLineWhereThereIsOne) {
  EXPECT_EQ((Problem{.file = "a.yaml", .line = 12, .cause = "no"}).to_string(), "a.yaml:12: no");
  EXPECT_EQ((Problem{.file = "a.yaml", .cause = "no"}).to_string(), "a.yaml: no");
}

TEST(Load, ReadsAFolder) {
  const TempFolder folder;
  folder.write("b.yaml", test::ns("b"));
  folder.write("a/a.yaml", test::policy("p") + "---\n{apiVersion: v1, kind: Secret}\n");
  folder.write("broken.yaml", test::ns("lost") + "---\nx: [\n");
  const auto loaded = load(folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_THAT(keys(*loaded), ElementsAre("CiliumNetworkPolicy shop/p", "Namespace b"));
  EXPECT_EQ(loaded->files, 3U);
  EXPECT_EQ(loaded->ignored, 1U);
  ASSERT_EQ(loaded->problems.size(), 1U);
  EXPECT_THAT(loaded->problems[0].to_string(), testing::StartsWith((folder / "broken.yaml").string() + ":"));
}

TEST(Load, ReadsOneFileWhateverItsName) {
  const TempFolder folder;
  const auto loaded = load(folder.write("policies", test::ns("a")));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(keys(*loaded), ElementsAre("Namespace a"));
  EXPECT_EQ(loaded->files, 1U);
}

TEST(Load, SaysWhatIsNotThere) {
  EXPECT_EQ(load("/nowhere").error().what, "/nowhere: No such file or directory");
  const TempFolder folder;
  folder.write("big.yaml", std::string(kMaxFileBytes + 1, ' '));
  EXPECT_THAT(load(folder / "big.yaml").error().what, HasSubstr("larger than 8 MiB"));
  EXPECT_EQ(load(folder.path())->problems.size(), 1U);
}

TEST(Load, TellsOfAnObjectThatIsThereTwice) {
  const TempFolder folder;
  folder.write("a.yaml", test::ns("a"));
  folder.write("b.yaml", test::ns("a"));
  const auto loaded = load(folder.path());
  EXPECT_THAT(keys(*loaded), ElementsAre("Namespace a"));
  ASSERT_EQ(loaded->problems.size(), 1U);
  EXPECT_EQ(loaded->problems[0].file, (folder / "b.yaml").string());
  EXPECT_THAT(loaded->problems[0].cause, HasSubstr((folder / "a.yaml").string() + ":1"));
}

TEST(LoadText, StandsForAFile) {
  const Loaded loaded = load_text(test::ns("a"), "-");
  EXPECT_THAT(keys(loaded), ElementsAre("Namespace a"));
  EXPECT_EQ(origin_of(loaded.objects.at(0)).to_string(), "-:1");
  EXPECT_THAT(load_text("a: [", "-").objects, IsEmpty());
  EXPECT_EQ(load_text("a: [", "-").problems.size(), 1U);
  EXPECT_THAT(load_text(std::string(kMaxFileBytes, ' '), "-").problems, IsEmpty());
  EXPECT_THAT(load_text(std::string(kMaxFileBytes + 1, ' '), "-").problems.at(0).to_string(), "-: larger than 8 MiB");
}

}  // namespace
}  // namespace sextant::manifests
