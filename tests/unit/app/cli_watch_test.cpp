// findings --watch against the real API server: what is told, and what happens when the daemon goes and comes back.
#include <atomic>
#include <condition_variable>
#include <mutex>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// A stream that another thread can wait on.
class WatchedText : public std::stringbuf {
 public:
  // The text once it holds `what`; as it is after 20 s otherwise.
  std::string wait_for(const std::string& what) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return text_.contains(what); });
    return text_;
  }

 protected:
  std::streamsize xsputn(const char* bytes, std::streamsize size) override {
    const std::scoped_lock lock(mutex_);
    text_.append(bytes, static_cast<std::size_t>(size));
    changed_.notify_all();
    return size;
  }
  int overflow(int byte) override {
    const char c = static_cast<char>(byte);
    xsputn(&c, 1);
    return byte;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

// A watch in a thread of its own. Ends after the daemon has gone for good.
class Watch {
 public:
  Watch(std::string server, std::vector<std::string> more = {}) {
    thread_ = std::thread([this, server = std::move(server), more = std::move(more)] {
      Console console{.env = {{"SEXTANT_SERVER", server}}, .pause = [this] { return pause(); }};
      std::vector<std::string> args{"findings", "--watch"};
      args.insert(args.end(), more.begin(), more.end());
      std::ostream out(&out_);
      std::ostream err(&err_);
      status_ = console.run(args, out, err);
    });
  }
  ~Watch() { join(); }
  int join() {
    end_ = true;
    if (thread_.joinable()) thread_.join();
    return status_;
  }

  WatchedText out_;
  WatchedText err_;

 private:
  bool pause() {
    std::this_thread::sleep_for(10ms);
    return !end_;
  }

  std::atomic<bool> end_ = false;
  int status_ = -1;
  std::thread thread_;
};

FindingChange opened(const Finding& like, const std::string& id) {
  FindingChange change{.kind = FindingChange::Kind::kOpened, .finding = like};
  change.finding.id = id;
  return change;
}

class FindingsWatch : public testing::Test {
 protected:
  Answers answers_ = busy_node();
  std::optional<Daemon> daemon_{std::in_place, answers_};
  const Finding& open_ = answers_.all_findings[1];
};

TEST_F(FindingsWatch, ShowsWhatIsOpenAndThenEachChange) {
  Watch watch(daemon_->server());
  EXPECT_THAT(watch.out_.wait_for("1 open"), HasSubstr("SXT001-6f1c2b9d"));
  daemon_->publish(opened(open_, "SXT001-00000002"));
  EXPECT_THAT(watch.out_.wait_for("SXT001-00000002"), ContainsRegex("opened +critical +SXT001-00000002"));
  FindingChange gone = opened(open_, "SXT001-00000002");
  gone.kind = FindingChange::Kind::kResolved;
  gone.finding.state = FindingState::kResolved;
  gone.finding.resolution = "dropped again";
  daemon_->publish(gone);
  EXPECT_THAT(watch.out_.wait_for("dropped again"), ContainsRegex("resolved +critical +SXT001-00000002"));
  daemon_->stop();
  EXPECT_EQ(watch.join(), 0);
}

TEST_F(FindingsWatch, TellsNothingTwiceAndKeepsUpdatesToItself) {
  Watch watch(daemon_->server());
  watch.out_.wait_for("1 open");
  daemon_->publish(opened(open_, open_.id));  // known from the list
  FindingChange more = opened(open_, open_.id);
  more.kind = FindingChange::Kind::kUpdated;
  more.finding.count = 4711;
  daemon_->publish(more);
  daemon_->publish(opened(open_, "SXT001-00000003"));
  const std::string text = watch.out_.wait_for("SXT001-00000003");
  EXPECT_EQ(text.find(open_.id), text.rfind(open_.id));
  daemon_->stop();
}

TEST_F(FindingsWatch, InJsonIsOneEventALineUpdatesIncluded) {
  Watch watch(daemon_->server(), {"-o", "json"});
  watch.out_.wait_for(open_.id);
  FindingChange more = opened(open_, open_.id);
  more.kind = FindingChange::Kind::kUpdated;
  more.finding.count = 4711;
  daemon_->publish(more);
  const auto lines = lines_of(watch.out_.wait_for("4711"));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(boost::json::parse(lines[0]).at("type").as_string(), "opened");
  EXPECT_EQ(boost::json::parse(lines[1]).at("type").as_string(), "updated");
  EXPECT_EQ(boost::json::parse(lines[1]).at("finding").at("count").to_number<int>(), 4711);
  daemon_->stop();
}

TEST_F(FindingsWatch, SaysWhenTheDaemonGoesAndComesBackAndWhatHappenedBetween) {
  const std::string socket = daemon_->socket();
  Watch watch(daemon_->server());
  watch.out_.wait_for("1 open");
  daemon_.reset();
  EXPECT_THAT(watch.err_.wait_for("trying again"), HasSubstr("sextant: findings: "));
  Finding meanwhile = open_;
  answers_.all_findings[1].state = FindingState::kResolved;
  answers_.all_findings[1].resolution = "quiet for 10m";
  meanwhile.id = "SXT001-00000004";
  answers_.all_findings.push_back(meanwhile);
  daemon_.emplace(answers_, socket);
  EXPECT_THAT(watch.err_.wait_for("connected again"), HasSubstr("sextant: findings: connected again\n"));
  EXPECT_THAT(watch.out_.wait_for("quiet for 10m"), AllOf(ContainsRegex("opened +critical +SXT001-00000004"),
                                                          ContainsRegex("resolved +critical +SXT001-6f1c2b9d")));
  daemon_->stop();
  watch.join();
}

TEST_F(FindingsWatch, OnlyOfWhatWasAskedFor) {
  Watch watch(daemon_->server(), {"--severity", "critical"});
  watch.out_.wait_for("1 open");
  FindingChange warning = opened(open_, "SXT005-00000005");
  warning.finding.severity = Severity::kWarning;
  daemon_->publish(warning);
  daemon_->publish(opened(open_, "SXT001-00000006"));
  EXPECT_THAT(watch.out_.wait_for("SXT001-00000006"), Not(HasSubstr("SXT005")));
  daemon_->stop();
}

TEST(FindingsWatchAlone, WithoutADaemonAtTheStartIsAnError) {
  const Outcome outcome = Console{.env = {{"SEXTANT_SERVER", "unix:/nonexistent"}}}.run({"findings", "--watch"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace sextant::app::cli
