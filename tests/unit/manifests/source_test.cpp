// ManifestSource on real files and real inotify.
#include <chrono>
#include <fstream>
#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/manifests/manifests.h"
#include "tests/unit/manifests/temp_folder.h"

namespace sextant::manifests {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::ns;
using test::policy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

class Source : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(root()); }
  void TearDown() override { stop(); }

  fs::path root() const { return folder_ / "manifests"; }
  void write(const std::string& name, const std::string& text) { folder_.write("manifests/" + name, text); }

  Sinks sinks() {
    return {.delta =
                [this](const Delta& delta) {
                  world_.apply(delta);
                  if (const auto* removed = std::get_if<Removed>(&delta)) {
                    deltas_.push_back("- " + removed->key.to_string());
                  } else {
                    deltas_.push_back("+ " + key_of(std::get<Object>(delta)).to_string());
                  }
                },
            .round =
                [this](const std::vector<Problem>& problems, std::size_t files, std::size_t ignored) {
                  ++rounds_;
                  problems_ = problems;
                  files_ = files;
                  ignored_ = ignored;
                }};
  }

  void start() { start(root()); }
  void start(const fs::path& path) {
    auto source = ManifestSource::open(path, sinks());
    ASSERT_TRUE(source) << source.error().what;
    source_.emplace(*std::move(source));
    asio::co_spawn(loop_, source_->run(),
                   asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr thrown, Result<> result) {
                     EXPECT_FALSE(thrown);
                     ended_ = std::move(result);
                   }));
    ASSERT_TRUE(until([this] { return rounds_ > 0; }));
  }

  void stop() {
    if (!source_ || ended_) return;
    stop_.emit(asio::cancellation_type::terminal);
    EXPECT_TRUE(until([this] { return ended_.has_value(); })) << "a cancelled source did not end";
    EXPECT_TRUE(!ended_ || *ended_) << "being cancelled is success";
  }

  template <class Condition>
  bool until(Condition holds, std::chrono::milliseconds limit = 5s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    loop_.restart();
    while (!holds() && std::chrono::steady_clock::now() < end) loop_.run_for(5ms);
    return holds();
  }
  // Long enough for a change to be picked up, had there been one.
  void pass() {
    until([] { return false; }, 250ms);
  }
  Strings take_deltas() { return std::exchange(deltas_, {}); }
  bool until_deltas(std::size_t count) {
    return until([&] { return deltas_.size() >= count; });
  }
  Strings problem_texts() const {
    Strings texts;
    for (const Problem& problem : problems_) texts.push_back(problem.to_string());
    return texts;
  }
  std::string path(const std::string& name) const { return (root() / name).string(); }

  test::TempFolder folder_{};
  asio::io_context loop_{};
  asio::cancellation_signal stop_{};
  World world_{"n1"};
  Strings deltas_{};
  std::vector<Problem> problems_{};
  std::size_t rounds_ = 0;
  std::size_t files_ = 0;
  std::size_t ignored_ = 0;
  std::optional<ManifestSource> source_{};
  std::optional<Result<>> ended_{};
};

TEST_F(Source, NeedsAFolderThatItCanRead) {
  EXPECT_EQ(ManifestSource::open(folder_ / "none", {}).error().what,
            (folder_ / "none").string() + ": No such file or directory");
  write("file.yaml", "");
  EXPECT_EQ(ManifestSource::open(root() / "file.yaml", {}).error().what, path("file.yaml") + ": is no folder");
  fs::permissions(folder_.path(), fs::perms::all);
  fs::permissions(root(), fs::perms::none);
  const test::Unprivileged user;
  EXPECT_EQ(ManifestSource::open(root(), {}).error().what, root().string() + ": Permission denied");
}

TEST_F(Source, DeliversTheFolderFirst) {
  write("b.yaml", ns("b"));
  write("sub/a.yaml", policy("p") + "---\n{apiVersion: v1, kind: Secret}\n");
  write("x.txt", "ignored: [\n");
  start();
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace b", "+ CiliumNetworkPolicy shop/p"));
  EXPECT_EQ(files_, 2U);
  EXPECT_EQ(ignored_, 1U);
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Source, TellsOfAnEmptyFolderToo) {
  start();
  EXPECT_EQ(rounds_, 1U);
  EXPECT_EQ(files_, 0U);
}

TEST_F(Source, TellsOnlyTheObjectsThatChanged) {
  write("a.yaml", ns("a") + "---\n" + ns("b") + "---\n" + policy("p"));
  start();
  take_deltas();
  write("a.yaml", ns("a") + "---\n" + ns("c") + "---\n" + policy("p", "endpointSelector: {}, ingress: []"));
  ASSERT_TRUE(until_deltas(3));
  pass();
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace b", "+ Namespace c", "+ CiliumNetworkPolicy shop/p"));
  EXPECT_EQ(rounds_, 2U);
}

TEST_F(Source, SaysNothingWhenNothingChanged) {
  write("a.yaml", ns("a"));
  start();
  take_deltas();
  write("a.yaml", ns("a"));
  fs::permissions(root() / "a.yaml", fs::perms::owner_read | fs::perms::owner_write);
  write("x.txt", "");
  pass();
  EXPECT_THAT(take_deltas(), IsEmpty());
  EXPECT_EQ(rounds_, 1U);
}

TEST_F(Source, PicksUpAChangeWithin200Milliseconds) {
  start();
  auto quickest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 10 && quickest >= 200ms; ++i) {  // the machine may be busy
    take_deltas();
    write("a" + std::to_string(i) + ".yaml", ns("n" + std::to_string(i)));
    const auto closed = std::chrono::steady_clock::now();
    ASSERT_TRUE(until_deltas(1));
    quickest = std::min(quickest, std::chrono::steady_clock::now() - closed);
  }
  EXPECT_LT(quickest, 200ms);
}

TEST_F(Source, TakesABurstOfChangesInOneRound) {
  start();
  for (int i = 0; i < 50; ++i) write("f" + std::to_string(i) + ".yaml", ns("n" + std::to_string(i)));
  ASSERT_TRUE(until_deltas(50));
  pass();
  EXPECT_LE(rounds_, 3U);
  EXPECT_EQ(files_, 50U);
}

TEST_F(Source, DoesNotWaitForABurstThatNeverEnds) {
  start();
  write("a.yaml", ns("a"));
  const auto began = std::chrono::steady_clock::now();
  int i = 0;
  EXPECT_TRUE(until([&] {
    write("noise.txt", std::to_string(++i));
    return !deltas_.empty();
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST_F(Source, RemovesTheObjectsOfADeletedFile) {
  write("a.yaml", ns("a"));
  write("b.yaml", ns("b"));
  start();
  take_deltas();
  fs::remove(root() / "a.yaml");
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a"));
  EXPECT_EQ(files_, 1U);
}

TEST_F(Source, WatchesNewFolders) {
  start();
  write("new/deep/a.yaml", ns("a"));
  ASSERT_TRUE(until_deltas(1));
  take_deltas();
  write("new/deep/b.yaml", ns("b"));
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace b"));
}

TEST_F(Source, FollowsAFolderThatIsDeletedAndMadeAgain) {
  write("sub/a.yaml", ns("a"));
  start();
  take_deltas();
  fs::remove_all(root() / "sub");
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a"));
  write("sub/a.yaml", ns("b"));
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace b"));
  write("sub/a.yaml", ns("c"));
  ASSERT_TRUE(until_deltas(2));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace b", "+ Namespace c"));
}

TEST_F(Source, FollowsAFolderThatIsMovedInAndOut) {
  const test::TempFolder outside;
  fs::create_directory(folder_ / "stage");
  folder_.write("stage/a.yaml", ns("a"));
  start();
  fs::rename(folder_ / "stage", root() / "in");
  ASSERT_TRUE(until_deltas(1));
  take_deltas();
  fs::rename(root() / "in", folder_ / "stage");
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a"));
  folder_.write("stage/a.yaml", ns("b"));
  pass();
  EXPECT_THAT(take_deltas(), IsEmpty());
}

TEST_F(Source, KeepsItsObjectsWhileItsOwnFolderIsGone) {
  write("a.yaml", ns("a"));
  start();
  take_deltas();
  // All at once, as an unmount is: file by file, each file would be gone before the folder is.
  fs::rename(root(), folder_ / "away");
  ASSERT_TRUE(until([this] { return !problems_.empty(); }));
  EXPECT_THAT(problem_texts(), ElementsAre(root().string() + ": cannot be read: No such file or directory"));
  EXPECT_THAT(take_deltas(), IsEmpty());
  EXPECT_EQ(files_, 1U);
  fs::create_directory(root());
  write("b.yaml", ns("b"));
  ASSERT_TRUE(until([this] { return world_.namespaces().contains("b"); }));
  EXPECT_FALSE(world_.namespaces().contains("a"));
  EXPECT_THAT(problems_, IsEmpty());
  write("b.yaml", ns("c"));
  ASSERT_TRUE(until([this] { return world_.namespaces().contains("c"); }));
}

TEST_F(Source, FollowsItsFolderWhenThatIsALinkAndSwapped) {
  folder_.write("v1/a.yaml", ns("a"));
  folder_.write("v2/a.yaml", ns("b"));
  const auto link = folder_ / "current";
  fs::create_directory_symlink("v1", link);
  start(link);
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace a"));
  fs::create_directory_symlink("v2", folder_ / "current_new");
  fs::rename(folder_ / "current_new", link);
  ASSERT_TRUE(until_deltas(2));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a", "+ Namespace b"));
  folder_.write("v2/a.yaml", ns("c"));
  ASSERT_TRUE(until_deltas(2));
  EXPECT_TRUE(world_.namespaces().contains("c"));
}

TEST_F(Source, TakesAPathWithATrailingSlash) {
  write("a.yaml", ns("a"));
  start(root() / "");
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace a"));
  write("a.yaml", ns("b"));
  ASSERT_TRUE(until_deltas(2));
}

// As kubelet's AtomicWriter does: pkg/volume/util/atomic_writer.go.
TEST_F(Source, SeesTheSwapOfAConfigMap) {
  const auto publish = [&](const std::string& version, const std::string& text) {
    write("..2026_" + version + "/db.yaml", text);
    write("..2026_" + version + "/sub/web.yaml", ns("web-" + version));
    fs::create_directory_symlink("..2026_" + version, root() / "..data_tmp");
    fs::rename(root() / "..data_tmp", root() / "..data");
  };
  publish("1", ns("one"));
  fs::create_symlink("..data/db.yaml", root() / "db.yaml");
  fs::create_directory_symlink("..data/sub", root() / "sub");
  start();
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace one", "+ Namespace web-1"));
  EXPECT_EQ(files_, 2U);
  publish("2", ns("two"));
  fs::remove_all(root() / "..2026_1");
  ASSERT_TRUE(until_deltas(4));
  pass();
  EXPECT_THAT(take_deltas(),
              ElementsAre("- Namespace one", "- Namespace web-1", "+ Namespace two", "+ Namespace web-2"));
  EXPECT_THAT(problems_, IsEmpty());
  publish("3", ns("two"));
  ASSERT_TRUE(until_deltas(2));
  pass();
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace web-2", "+ Namespace web-3"));
}

TEST_F(Source, SeesEditorsThatRenameOver) {
  write("a.yaml", ns("a"));
  start();
  take_deltas();
  write(".a.yaml.swp", "half");
  write("a.yaml.tmp", ns("b"));
  fs::rename(root() / "a.yaml.tmp", root() / "a.yaml");
  ASSERT_TRUE(until_deltas(2));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a", "+ Namespace b"));
}

TEST_F(Source, DoesNotLookAtAFileThatIsBeingWritten) {
  write("a.yaml", ns("a"));
  start();
  take_deltas();
  std::ofstream writer(root() / "a.yaml", std::ios::trunc);
  writer << "apiVersion: v1\nkind: Name" << std::flush;
  pass();
  EXPECT_THAT(take_deltas(), IsEmpty());
  EXPECT_THAT(problems_, IsEmpty());
  writer << "space\nmetadata: {name: b}\n";
  writer.close();
  ASSERT_TRUE(until_deltas(2));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a", "+ Namespace b"));
}

TEST_F(Source, SeesTwoWritesInARowOfTheSameSize) {
  write("a.yaml", ns("a"));
  start();
  for (char name = 'b'; name <= 'k'; ++name) {
    write("a.yaml", ns(std::string(1, name)));
    ASSERT_TRUE(until([&] { return world_.namespaces().contains(std::string(1, name)); })) << name;
  }
}

TEST_F(Source, KeepsTheLastGoodContentOfABrokenFile) {
  write("a.yaml", ns("a"));
  write("b.yaml", ns("b"));
  start();
  take_deltas();
  write("a.yaml", ns("changed") + "---\nspec: {\n");
  ASSERT_TRUE(until([this] { return !problems_.empty(); }));
  EXPECT_THAT(take_deltas(), IsEmpty());
  EXPECT_EQ(problems_[0].file, path("a.yaml"));
  EXPECT_GT(problems_[0].line, 4U);
  write("b.yaml", ns("b2"));
  ASSERT_TRUE(until_deltas(2));
  EXPECT_EQ(problems_.size(), 1U);
  take_deltas();
  write("a.yaml", ns("mended"));
  ASSERT_TRUE(until_deltas(2));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a", "+ Namespace mended"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Source, ForgetsABrokenFileThatIsDeleted) {
  write("a.yaml", ns("a"));
  start();
  write("a.yaml", "a: [\n");
  ASSERT_TRUE(until([this] { return !problems_.empty(); }));
  take_deltas();
  fs::remove(root() / "a.yaml");
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("- Namespace a"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Source, KeepsWhatItMayNoLongerRead) {
  fs::permissions(folder_.path(), fs::perms::all);
  write("a.yaml", ns("a"));
  write("sub/b.yaml", ns("b"));
  const auto in_effect = [](bool readable, const fs::path& path) {
    ASSERT_EQ(::seteuid(0), 0);
    fs::permissions(path, readable ? fs::perms::all : fs::perms::none);
    ASSERT_EQ(::seteuid(65'534), 0);
  };
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to take rights away from another user";
  const test::Unprivileged user;
  start();
  take_deltas();
  in_effect(false, root() / "a.yaml");
  in_effect(false, root() / "sub");
  ASSERT_TRUE(until([this] { return problems_.size() == 2; }));
  EXPECT_THAT(problem_texts(), ElementsAre(path("a.yaml") + ": cannot be read: Permission denied",
                                           path("sub") + ": cannot be read: Permission denied"));
  EXPECT_THAT(take_deltas(), IsEmpty());
  in_effect(true, root() / "a.yaml");
  in_effect(true, root() / "sub");
  ASSERT_TRUE(until([this] { return problems_.empty(); }));
  EXPECT_THAT(take_deltas(), IsEmpty());
  in_effect(false, root());
  ASSERT_TRUE(until([this] { return problems_.size() == 1; }));
  EXPECT_THAT(take_deltas(), IsEmpty());
  in_effect(true, root());
  ASSERT_TRUE(until([this] { return problems_.empty(); }));
}

TEST_F(Source, TellsOfALinkToNowhere) {
  write("real.txt", ns("a"));
  fs::create_symlink("real.txt", root() / "a.yaml");
  start();
  take_deltas();
  fs::remove(root() / "real.txt");
  ASSERT_TRUE(until([this] { return !problems_.empty(); }));
  EXPECT_THAT(problem_texts(), ElementsAre(path("a.yaml") + ": cannot be read: No such file or directory"));
  EXPECT_THAT(take_deltas(), IsEmpty());
  fs::remove(root() / "a.yaml");
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Source, SeesAChangeBehindALink) {
  folder_.write("elsewhere/real.yaml", ns("a"));
  fs::create_symlink(folder_ / "elsewhere/real.yaml", root() / "a.yaml");
  start();
  take_deltas();
  folder_.write("elsewhere/real.yaml", ns("b"));
  ASSERT_TRUE(until_deltas(2));
  take_deltas();
  folder_.write("elsewhere/new.yaml", ns("c"));
  fs::rename(folder_ / "elsewhere/new.yaml", folder_ / "elsewhere/real.yaml");
  ASSERT_TRUE(until_deltas(2));
  EXPECT_TRUE(world_.namespaces().contains("c"));
}

TEST_F(Source, LetsTheOtherOfTwoEqualObjectsTakeOver) {
  write("a.yaml", policy("p", "endpointSelector: {}"));
  write("b.yaml", "\n" + policy("p", "endpointSelector: {}"));
  start();
  EXPECT_THAT(take_deltas(), ElementsAre("+ CiliumNetworkPolicy shop/p"));
  EXPECT_THAT(problem_texts(), ElementsAre(path("b.yaml") + ":2: CiliumNetworkPolicy shop/p is in " + path("a.yaml") +
                                           ":1 already; only that one counts"));
  fs::remove(root() / "a.yaml");
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("+ CiliumNetworkPolicy shop/p"));
  EXPECT_EQ(world_.policies().begin()->second.origin.file, path("b.yaml"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(Source, LooksAgainWhenTheQueueOfEventsHasOverflowed) {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  if (limit == 0 || limit > 100'000) GTEST_SKIP() << "the queue is too long to fill: " << limit;
  start();
  // Nobody reads meanwhile; the events of the last file are lost.
  test::make_events(root(), limit + 1);
  write("a.yaml", ns("a"));
  ASSERT_TRUE(until_deltas(1));
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace a"));
  write("b.yaml", ns("b"));
  ASSERT_TRUE(until_deltas(1));
}

TEST_F(Source, TellsOfAFileThatIsTooLargeAndReadsTheOthers) {
  write("a.yaml", std::string(kMaxFileBytes + 1, ' '));
  write("b.yaml", ns("b"));
  start();
  EXPECT_THAT(take_deltas(), ElementsAre("+ Namespace b"));
  EXPECT_THAT(problem_texts(), ElementsAre(path("a.yaml") + ": larger than 8 MiB: split it into several files"));
}

TEST_F(Source, TellsOfMoreFilesThanItReads) {
  test::write_many(root(), kMaxFiles);
  start();
  EXPECT_EQ(files_, kMaxFiles);
  EXPECT_THAT(problems_, IsEmpty());
  write("g.yaml", ns("g"));
  ASSERT_TRUE(until([this] { return !problems_.empty(); }));
  EXPECT_THAT(problem_texts().at(0), HasSubstr("more than 10000 files"));
  EXPECT_EQ(files_, kMaxFiles);
}

TEST_F(Source, LooksEverySecondWhereInotifyIsUsedUp) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(next);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  auto source = ManifestSource::open(root(), sinks());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(source) << source.error().what;
  source_.emplace(*std::move(source));
  asio::co_spawn(
      loop_, source_->run(),
      asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr, Result<> result) { ended_ = result; }));
  ASSERT_TRUE(until([this] { return rounds_ > 0; }));
  EXPECT_THAT(problem_texts(),
              ElementsAre(root().string() + ": not watched, but read every second: inotify: Too many open files"));
  write("a.yaml", ns("a"));
  ASSERT_TRUE(until_deltas(1));
}

// In a child with limits of its own: a user namespace has them. Gives the child's exit status; 77: there are none here.
template <class Body>
int with_watches(int most, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(77);
    std::ofstream limit("/proc/sys/user/max_inotify_watches");
    if (!(limit << most << std::flush)) ::_exit(77);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Source, TellsOfTheFolderForWhichNoWatchIsLeft) {
  write("a/x.yaml", ns("a"));
  write("b/x.yaml", ns("b"));
  // The folder, what it lies in, and the two below.
  const auto problems_with = [&](int watches) {
    return with_watches(watches, [this] {
      start();
      return world_.namespaces().size() == 2 ? static_cast<int>(problems_.size()) : 100;
    });
  };
  if (problems_with(4) == 77) GTEST_SKIP() << "no user namespaces here";
  EXPECT_EQ(problems_with(4), 0);
  EXPECT_EQ(problems_with(3), 1);
  const int told = with_watches(3, [this] {
    start();
    const std::string wanted =
        path("b") + ": not watched, changes are seen within a minute: the user's watches of inotify are used up";
    return problem_texts() == Strings{wanted} ? 0 : 1;
  });
  EXPECT_EQ(told, 0);
}

TEST_F(Source, CanBeStoppedByItsOwnSink) {
  write("a.yaml", ns("a"));
  auto stopping = sinks();
  stopping.round = [this](const auto&, std::size_t, std::size_t) {
    ++rounds_;
    stop_.emit(asio::cancellation_type::terminal);
  };
  source_.emplace(ManifestSource::open(root(), std::move(stopping)).value());
  asio::co_spawn(loop_, source_->run(),
                 asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr thrown, Result<> result) {
                   EXPECT_FALSE(thrown);
                   ended_ = std::move(result);
                 }));
  EXPECT_TRUE(until([this] { return ended_.has_value(); }));
  EXPECT_TRUE(ended_ && *ended_);
}

}  // namespace
}  // namespace sextant::manifests
