#include "agent/manifests/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/manifests/temp_folder.h"

namespace sextant::manifests {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using test::Unprivileged;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

struct Walked {
  Tree tree{};
  Strings folders{};
  Strings links{};
};

Walked walk(const TempFolder& folder) {
  Walked walked;
  const auto below = [&](const std::string& path) { return fs::path(path).lexically_relative(folder.path()).string(); };
  auto tree = find_files(
      folder.path(), [&](const std::string& path) { walked.folders.push_back(below(path)); },
      [&](const std::string& path) { walked.links.push_back(below(path)); });
  EXPECT_TRUE(tree) << (tree ? "" : tree.error().what);
  if (tree) walked.tree = *std::move(tree);
  for (auto& file : walked.tree.files) file = below(file);
  return walked;
}

TEST(FindFiles, FindsManifestsInOrder) {
  const TempFolder folder;
  for (const auto* name : {"b.yaml", "a.yml", "c.json", "sub/x.yaml", "sub/deep/er/y.yaml", "README.md", "yaml",
                           "z.yaml~", ".hidden.yaml", ".git/x.yaml", "..data/x.yaml"}) {
    folder.write(name, "");
  }
  const Walked walked = walk(folder);
  EXPECT_THAT(walked.tree.files, ElementsAre("a.yml", "b.yaml", "c.json", "sub/deep/er/y.yaml", "sub/x.yaml"));
  EXPECT_THAT(walked.tree.problems, IsEmpty());
  EXPECT_THAT(walked.folders, ElementsAre(".", "sub", "sub/deep", "sub/deep/er"));
}

TEST(FindFiles, FollowsLinksAndTellsOfThem) {
  const TempFolder folder;
  const TempFolder elsewhere;
  elsewhere.write("real.yaml", "");
  elsewhere.write("sub/x.yaml", "");
  fs::create_symlink(elsewhere / "real.yaml", folder / "file.yaml");
  fs::create_directory_symlink(elsewhere / "sub", folder / "linked");
  const Walked walked = walk(folder);
  EXPECT_THAT(walked.tree.files, ElementsAre("file.yaml", "linked/x.yaml"));
  EXPECT_THAT(walked.links, ElementsAre("file.yaml"));
}

TEST(FindFiles, GoesOnceIntoAFolderThatLinksBack) {
  const TempFolder folder;
  folder.write("a/x.yaml", "");
  fs::create_directory_symlink(folder.path(), folder / "a/loop");
  fs::create_directory_symlink(folder / "a", folder / "b");
  EXPECT_THAT(walk(folder).tree.files, ElementsAre("a/x.yaml"));
}

TEST(FindFiles, ListsALinkToNowhereSoThatItIsTold) {
  const TempFolder folder;
  fs::create_symlink("/nowhere", folder / "x.yaml");
  fs::create_symlink("/nowhere", folder / "x.txt");
  EXPECT_THAT(walk(folder).tree.files, ElementsAre("x.yaml"));
}

TEST(FindFiles, TellsOfAFolderThatItMayNotRead) {
  const TempFolder folder;
  folder.write("ok.yaml", "");
  folder.write("closed/x.yaml", "");
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(folder / "closed", fs::perms::none);
  Walked walked;
  {
    const Unprivileged user;
    walked = walk(folder);
  }
  EXPECT_THAT(walked.tree.files, ElementsAre("ok.yaml"));
  ASSERT_EQ(walked.tree.problems.size(), 1U);
  EXPECT_EQ(walked.tree.problems[0].to_string(), (folder / "closed").string() + ": cannot be read: Permission denied");
  EXPECT_THAT(walked.tree.unreadable, ElementsAre((folder / "closed").string()));
}

TEST(FindFiles, FailsWithoutItsRoot) {
  const auto none = [](const std::string&) {};
  EXPECT_EQ(find_files("/nowhere/at/all", none, none).error().what, "cannot be read: No such file or directory");
}

TEST(FindFiles, RefusesNamesThatAreNoText) {
  const TempFolder folder;
  folder.write("bad\x1b[31m.yaml", "");
  folder.write("bad\xff.yaml", "");
  folder.write("\xe2\x82\xac.yaml", "");
  const Walked walked = walk(folder);
  EXPECT_THAT(walked.tree.files, ElementsAre("\xe2\x82\xac.yaml"));
  ASSERT_EQ(walked.tree.problems.size(), 2U);
  EXPECT_EQ(walked.tree.problems[0].to_string(), folder.path().string() + ": 'bad\\x1b[31m.yaml' is no name: not read");
}

TEST(FindFiles, StopsAtTheMostFilesAndSaysSo) {
  const TempFolder folder;
  test::write_many(folder.path(), kMaxFiles);
  const Walked most = walk(folder);
  EXPECT_EQ(most.tree.files.size(), kMaxFiles);
  EXPECT_THAT(most.tree.problems, IsEmpty());
  EXPECT_FALSE(most.tree.truncated);
  folder.write("g.yaml", "");
  const Walked more = walk(folder);
  EXPECT_EQ(more.tree.files, most.tree.files);
  ASSERT_EQ(more.tree.problems.size(), 1U);
  EXPECT_EQ(more.tree.problems[0].to_string(),
            (folder / "g.yaml").string() + ": more than 10000 files: the rest is not read");
  EXPECT_TRUE(more.tree.truncated);
}

TEST(ReadFile, GivesTheWholeText) {
  const TempFolder folder;
  const std::string text(200'000, 'x');
  const auto file = read_file(folder.write("a.yaml", text).string());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->text, text);
  EXPECT_EQ(file->stamp.size, 200'000);
}

TEST(ReadFile, ReadsEightMebibytesAndNotAByteMore) {
  const TempFolder folder;
  EXPECT_TRUE(read_file(folder.write("a.yaml", std::string(kMaxFileBytes, ' ')).string()));
  const auto larger = read_file(folder.write("b.yaml", std::string(kMaxFileBytes + 1, ' ')).string());
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().what, "larger than 8 MiB: split it into several files");
}

TEST(ReadFile, RefusesWhatIsNoRegularFile) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe.yaml").c_str(), 0600), 0);
  EXPECT_EQ(read_file((folder / "pipe.yaml").string()).error().what, "no regular file");
  EXPECT_EQ(read_file(folder.path().string()).error().what, "no regular file");
  EXPECT_EQ(read_file("/dev/null").error().what, "no regular file");
  EXPECT_THAT(read_file((folder / "none.yaml").string()).error().what, HasSubstr("No such file"));
}

TEST(Stamp, ChangesWithTheContent) {
  const TempFolder folder;
  const auto path = folder.write("a.yaml", "a").string();
  const auto one = read_file(path)->stamp;
  EXPECT_EQ(one, read_file(path)->stamp);
  EXPECT_FALSE(one.is_settled());  // it was written just now
  folder.write("a.yaml", "ab");
  EXPECT_NE(one, read_file(path)->stamp);
  Stamp old = one;
  old.changed_ns -= 2'000'000'000;
  EXPECT_TRUE(old.is_settled());
}

}  // namespace
}  // namespace sextant::manifests
