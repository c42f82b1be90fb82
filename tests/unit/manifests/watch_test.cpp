#include "agent/manifests/watch.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/unit/manifests/temp_folder.h"

namespace sextant::manifests {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

class WatchTest : public testing::Test {
 protected:
  void watch_folder() {
    watch_.begin();
    ASSERT_TRUE(watch_.add_folder(folder_.path().string()));
    watch_.end();
    watch_.drain().value();
  }
  bool heard() { return watch_.drain().value(); }

  TempFolder folder_{};
  Watch watch_ = Watch::open().value();
};

TEST_F(WatchTest, HearsWhatHappensInAFolder) {
  watch_folder();
  EXPECT_FALSE(heard());
  folder_.write("a.yaml", "x");
  EXPECT_TRUE(heard());
  EXPECT_FALSE(heard());
  folder_.write("a.yaml", "y");
  EXPECT_TRUE(heard());
  fs::rename(folder_ / "a.yaml", folder_ / "b.yaml");
  EXPECT_TRUE(heard());
  fs::permissions(folder_ / "b.yaml", fs::perms::owner_read);
  EXPECT_TRUE(heard());
  fs::remove(folder_ / "b.yaml");
  EXPECT_TRUE(heard());
  fs::remove(folder_.path());
  EXPECT_TRUE(heard());
}

TEST_F(WatchTest, WaitsUntilAWriterHasClosed) {
  folder_.write("a.yaml", "x");
  watch_folder();
  std::ofstream writer(folder_ / "a.yaml", std::ios::app);
  writer << "half" << std::flush;
  EXPECT_FALSE(heard());
  writer.close();
  EXPECT_TRUE(heard());
}

TEST_F(WatchTest, DoesNotMindReaders) {
  folder_.write("a.yaml", "x");
  watch_folder();
  std::string text;
  std::ifstream(folder_ / "a.yaml") >> text;
  EXPECT_FALSE(heard());
}

TEST_F(WatchTest, HearsOnlyOneNameWhereOnlyThatCounts) {
  watch_.begin();
  ASSERT_TRUE(watch_.add_name(folder_.path().string(), "root"));
  watch_.end();
  folder_.write("other", "x");
  EXPECT_FALSE(heard());
  folder_.write("root", "x");
  EXPECT_TRUE(heard());
}

TEST_F(WatchTest, HearsEveryNameWhenAFolderIsReachedInTwoWays) {
  for (const bool name_first : {true, false}) {
    watch_.begin();
    const std::string path = folder_.path().string();
    EXPECT_TRUE(name_first ? watch_.add_name(path, "root") : watch_.add_folder(path));
    EXPECT_TRUE(name_first ? watch_.add_folder(path) : watch_.add_name(path, "root"));
    watch_.end();
    folder_.write("other", "x");
    EXPECT_TRUE(heard()) << name_first;
  }
}

TEST_F(WatchTest, HearsTheTargetOfALink) {
  const TempFolder elsewhere;
  elsewhere.write("real.yaml", "x");
  fs::create_symlink(elsewhere / "real.yaml", folder_ / "a.yaml");
  watch_.begin();
  ASSERT_TRUE(watch_.add_target((folder_ / "a.yaml").string()));
  watch_.end();
  elsewhere.write("real.yaml", "y");
  EXPECT_TRUE(heard());
  elsewhere.write("new.yaml", "z");
  EXPECT_FALSE(heard());
  fs::rename(elsewhere / "new.yaml", elsewhere / "real.yaml");
  EXPECT_TRUE(heard());
}

TEST_F(WatchTest, ForgetsWhatIsNotAddedAgain) {
  watch_folder();
  watch_.begin();
  watch_.end();
  folder_.write("a.yaml", "x");
  EXPECT_FALSE(heard());
}

TEST_F(WatchTest, NamesWhatItCannotWatch) {
  watch_.begin();
  EXPECT_EQ(watch_.add_folder("/nowhere").error().code, ENOENT);
  folder_.write("file", "x");
  EXPECT_EQ(watch_.add_folder((folder_ / "file").string()).error().code, ENOTDIR);
}

std::size_t queue_limit() {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  return limit;
}

TEST_F(WatchTest, TakesALostEventForOneThatMatters) {
  const std::size_t limit = queue_limit();
  if (limit == 0 || limit > 100'000) GTEST_SKIP() << "the queue is too long to fill: " << limit;
  watch_.begin();
  ASSERT_TRUE(watch_.add_name(folder_.path().string(), "root"));
  watch_.end();
  // None of these matters; only the overflow does.
  test::make_events(folder_.path(), limit + 1);
  EXPECT_TRUE(heard());
  EXPECT_FALSE(heard());
}

}  // namespace
}  // namespace sextant::manifests
