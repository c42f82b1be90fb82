#include "agent/report/store.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "tests/unit/report/values.h"

namespace sextant::report {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr hours kKeep{24 * 90};

FindingChange opened(Finding finding) { return {.kind = FindingChange::Kind::kOpened, .finding = std::move(finding)}; }
FindingChange updated(Finding finding) {
  return {.kind = FindingChange::Kind::kUpdated, .finding = std::move(finding)};
}
FindingChange resolved(Finding finding, Time when) {
  finding.state = FindingState::kResolved;
  finding.resolved_at = when;
  finding.resolution = "quiet for 10m";
  return {.kind = FindingChange::Kind::kResolved, .finding = std::move(finding)};
}
Finding numbered(int number) {
  Finding finding = unintended_delivery();
  finding.id = "SXT001-" + std::to_string(number);
  return finding;
}

// Asks the file as anybody with the sqlite3 command line would.
std::string ask(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  std::string answer = "cannot open";
  if (sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    answer.clear();
    char* error = nullptr;
    sqlite3_exec(
        connection, sql.c_str(),
        [](void* to, int, char** columns, char**) {
          *static_cast<std::string*>(to) += columns[0] == nullptr ? "NULL" : columns[0];
          return 0;
        },
        &answer, &error);
    if (error != nullptr) answer = error;
    sqlite3_free(error);
  }
  sqlite3_close(connection);
  return answer;
}

struct StoreTest : ::testing::Test {
  StoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sextant-store-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = folder / "sextant.db";
  }
  ~StoreTest() override { std::filesystem::remove_all(folder); }

  Store open() {
    auto store = Store::open(path, kKeep);
    EXPECT_TRUE(store.has_value()) << store.error().what;
    return std::move(store).value();
  }
  std::string open_error() {
    const auto store = Store::open(path, kKeep);
    return store ? "" : store.error().what;
  }
  static std::vector<std::string> ids(const Store& store, Time since = {}) {
    std::vector<std::string> found;
    const std::vector<Finding> loaded = store.load(since).value();
    for (const Finding& finding : loaded) found.push_back(finding.id);
    return found;
  }

  std::filesystem::path folder;
  std::filesystem::path path;
};

TEST_F(StoreTest, GivesBackWhatWasWrittenInAnotherLife) {
  const Finding finding = unintended_delivery();
  ASSERT_TRUE(open().write({opened(finding)}).has_value());

  const auto loaded = open().load(Time{}).value();
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].id, finding.id);
  EXPECT_EQ(loaded[0].severity, finding.severity);
  EXPECT_EQ(loaded[0].endpoint, finding.endpoint);
  EXPECT_EQ(loaded[0].source, finding.source);
  EXPECT_EQ(loaded[0].evidence, finding.evidence);
  EXPECT_EQ(loaded[0].policies, finding.policies);
  EXPECT_EQ(loaded[0].first_seen, finding.first_seen);
  EXPECT_EQ(loaded[0].last_seen, finding.last_seen);
  EXPECT_EQ(loaded[0].count, finding.count);
}

TEST_F(StoreTest, MakesItsFolder) {
  path = folder / "a" / "b" / "sextant.db";
  open();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(StoreTest, LoadsOpenFindingsAndThoseResolvedSince) {
  Store store = open();
  ASSERT_TRUE(store.write({opened(numbered(1)), opened(numbered(2)), opened(numbered(3))}).has_value());
  ASSERT_TRUE(store.write({resolved(numbered(2), at(hours(1))), resolved(numbered(3), at(hours(2)))}).has_value());

  EXPECT_THAT(ids(store, at(hours(2))), ElementsAre("SXT001-1", "SXT001-3"));
  EXPECT_THAT(ids(store, at(hours(2)) + std::chrono::milliseconds(1)), ElementsAre("SXT001-1"));
  EXPECT_THAT(ids(store), ElementsAre("SXT001-1", "SXT001-2", "SXT001-3"));
}

TEST_F(StoreTest, AnUpdateReplacesTheFinding) {
  Store store = open();
  Finding finding = numbered(1);
  ASSERT_TRUE(store.write({opened(finding)}).has_value());
  finding.count = 99;
  finding.last_seen = at(seconds(30));
  ASSERT_TRUE(store.write({updated(finding)}).has_value());

  const auto loaded = store.load(Time{}).value();
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].count, 99u);
  EXPECT_EQ(loaded[0].last_seen, at(seconds(30)));
}

TEST_F(StoreTest, TellsTheHistoryOfOneFinding) {
  Store store = open();
  Finding finding = numbered(1);
  ASSERT_TRUE(store.write({opened(finding), opened(numbered(2))}).has_value());
  finding.count = 7;
  ASSERT_TRUE(store.write({updated(finding)}).has_value());
  finding.message = "worse";
  ASSERT_TRUE(store.write({updated(finding)}).has_value());
  ASSERT_TRUE(store.write({resolved(finding, at(hours(1)))}).has_value());

  const auto history = store.history("SXT001-1").value();
  ASSERT_THAT(history, SizeIs(3)) << "a count is no history";
  EXPECT_EQ(history[0].kind, FindingChange::Kind::kOpened);
  EXPECT_EQ(history[0].at, finding.last_seen);
  EXPECT_EQ(history[1].kind, FindingChange::Kind::kUpdated);
  EXPECT_EQ(history[1].why, "worse");
  EXPECT_EQ(history[2].kind, FindingChange::Kind::kResolved);
  EXPECT_EQ(history[2].why, "quiet for 10m");
  EXPECT_EQ(history[2].at, at(hours(1)));
  EXPECT_THAT(store.history("SXT001-x").value(), IsEmpty());
}

TEST_F(StoreTest, KeepsForExactlyAsLongAsItIsTold) {
  Store store = open();
  ASSERT_TRUE(store.write({opened(numbered(1)), resolved(numbered(2), at())}).has_value());
  ASSERT_TRUE(store.prune(at() + kKeep).has_value());
  EXPECT_THAT(ids(store), ElementsAre("SXT001-1", "SXT001-2"));
  ASSERT_TRUE(store.prune(at() + kKeep + seconds(1)).has_value());
  EXPECT_THAT(ids(store), ElementsAre("SXT001-1")) << "an open finding is kept";
  ASSERT_TRUE(store.prune(at() + kKeep + seconds(2)).has_value());
  EXPECT_THAT(store.history("SXT001-2").value(), IsEmpty());
}

TEST_F(StoreTest, GivesRoomBackWhenItPrunes) {
  Store store = open();
  std::vector<FindingChange> many;
  for (int i = 0; i < 2000; ++i) many.push_back(resolved(numbered(i), at()));
  ASSERT_TRUE(store.write(many).has_value());
  const int before = std::stoi(ask(path, "PRAGMA page_count"));
  ASSERT_TRUE(store.prune(at() + kKeep + hours(1)).has_value());
  EXPECT_LT(std::stoi(ask(path, "PRAGMA page_count")), before / 2);
}

TEST_F(StoreTest, ARoundIsWrittenAsAWholeOrNotAtAll) {
  Store store = open();
  ask(path,
      "CREATE TRIGGER refuse BEFORE INSERT ON findings WHEN new.id = 'SXT001-2' BEGIN SELECT raise(ABORT, 'refused'); "
      "END");
  const auto written = store.write({opened(numbered(1)), opened(numbered(2))});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().what, "write findings: SXT001-2: refused");
  EXPECT_THAT(ids(store), IsEmpty());
  EXPECT_TRUE(store.write({opened(numbered(3))}).has_value()) << "a failure does not stop the next round";
}

TEST_F(StoreTest, OthersCanReadWhileTheDaemonWrites) {
  Store store = open();
  ASSERT_TRUE(store.write({opened(numbered(1))}).has_value());
  EXPECT_EQ(ask(path, "SELECT endpoint_namespace || '/' || endpoint_name FROM findings"), "shop/db");
  EXPECT_EQ(ask(path, "PRAGMA integrity_check"), "ok");
}

TEST_F(StoreTest, ASecondDaemonIsRefusedAndToldWhoHoldsIt) {
  Store first = open();
  EXPECT_EQ(open_error(), path.string() + " is held by another sextantd (pid " + std::to_string(::getpid()) + ")");
}

TEST_F(StoreTest, ADeadDaemonHoldsNothing) {
  {
    const Store first = open();
  }
  EXPECT_EQ(open_error(), "");
}

TEST_F(StoreTest, SaysWhenSomebodyElseLocksTheFile) {
  open();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  const CPtr<sqlite3, sqlite3_close_v2> held(other);
  ASSERT_EQ(sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y)", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(open_error(), path.string() + " is locked by another program");
}

TEST_F(StoreTest, RefusesWhatIsNoDatabase) {
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_EQ(open_error(), path.string() + " is not a database; move it away to start anew");
  std::ofstream(path, std::ios::trunc) << "short";
  EXPECT_EQ(open_error(), path.string() + " is not a database; move it away to start anew");
}

TEST_F(StoreTest, TakesAnEmptyFile) {
  std::ofstream{path};
  EXPECT_EQ(open_error(), "");
}

TEST_F(StoreTest, RefusesADamagedDatabase) {
  {
    Store store = open();
    std::vector<FindingChange> many;
    for (int i = 0; i < 200; ++i) many.push_back(opened(numbered(i)));
    ASSERT_TRUE(store.write(many).has_value());
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 + 512);
  file << std::string(40'000, '\xff');
  file.close();
  EXPECT_THAT(open_error(), HasSubstr(path.string() + " is damaged ("));
  EXPECT_THAT(open_error(), HasSubstr("move it away to start anew"));
}

TEST_F(StoreTest, RefusesTheDatabaseOfAnotherProgram) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  sqlite3_exec(other, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_EQ(open_error(), path.string() + ": is a database of another program; move it away to start anew");
  EXPECT_EQ(ask(path, "SELECT count(*) FROM theirs"), "0");
}

TEST_F(StoreTest, RefusesANewerSchema) {
  open();
  ask(path, "PRAGMA user_version = 2");
  EXPECT_EQ(open_error(),
            path.string() + ": was written by a newer Sextant: its schema is 2, this program knows up to 1");
}

TEST_F(StoreTest, RefusesAFolder) {
  std::filesystem::create_directory(path);
  EXPECT_EQ(open_error(), path.string() + " is a folder");
}

TEST_F(StoreTest, SaysThatItMayNotWrite) {
  std::filesystem::permissions(folder, std::filesystem::perms(0555));
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);  // root may write everywhere
  }
  const std::string error = open_error();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  EXPECT_EQ(error, "open " + path.string() + ".lock: Permission denied");
}

TEST_F(StoreTest, NamesTheFindingThatCannotBeRead) {
  Store store = open();
  ASSERT_TRUE(store.write({opened(numbered(1))}).has_value());
  ask(path, "UPDATE findings SET body = x'ffffff'");
  EXPECT_EQ(store.load(Time{}).error().what, "load findings: SXT001-1: its body is no finding");
}

// ---- kill -9 --------------------------------------------------------------------------------------------------------

// Writes a round after the other, and says through the pipe when one is durable; until it is killed.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, int first, int say) {
  auto store = Store::open(path, kKeep);
  for (int number = first; store; ++number) {
    const Time when = at(seconds(number));
    Finding moving = numbered(0);
    moving.count = static_cast<std::uint64_t>(number);
    std::vector<FindingChange> round{opened(numbered(number)), updated(moving)};
    if (number % 3 == 0) round.push_back(resolved(numbered(number - 1), when));
    if (!store->write(round) || ::write(say, &number, sizeof number) != sizeof number) break;
    if (number % 50 == 0 && !store->prune(when)) break;
  }
  ::_exit(1);
}

TEST_F(StoreTest, LosesNothingThatWasDurableWhenItsProcessIsKilledAtAnyMoment) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int durable = 0;
  for (int life = 0; life < 50; ++life) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) write_until_killed(path, durable + 1, ends[1]);
    ::close(ends[1]);
    const UniqueFd heard(ends[0]);
    ::usleep(std::uniform_int_distribution<useconds_t>(0, 60'000)(random));
    ASSERT_EQ(::kill(writer, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer stopped by itself";
    for (int number = 0; ::read(heard.get(), &number, sizeof number) == sizeof number;) durable = number;

    const Store store = open();
    ASSERT_EQ(ask(path, "PRAGMA integrity_check"), "ok");
    const std::string last = std::to_string(durable);
    ASSERT_EQ(
        ask(path, "SELECT count(*) FROM findings WHERE id <> 'SXT001-0' AND CAST(substr(id, 8) AS INTEGER) <= " + last),
        last);
    // What was written but not yet said to be durable is there as a whole or not at all.
    const std::vector<Finding> loaded = store.load(Time{}).value();
    for (const Finding& finding : loaded) {
      if (finding.id == "SXT001-0") durable = std::max(durable, static_cast<int>(finding.count));
    }
    ASSERT_EQ(ask(path, "SELECT count(*) FROM findings WHERE id <> 'SXT001-0'"), std::to_string(durable));
  }
  EXPECT_GT(durable, 50) << "the writer was never fast enough to be interrupted";
}

}  // namespace
}  // namespace sextant::report
