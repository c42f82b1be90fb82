#include "agent/app/daemon/lint_desk.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app {
namespace {

using std::chrono::seconds;

// A policy of an API server's that selects no pod that there is.
class LintDeskTest : public testing::Test {
 protected:
  LintDeskTest() {
    tell(
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"web","labels":{"app":"web"}},"spec":{"nodeName":"n1"},"status":{"podIPs":[{"ip":"2001:db8:1::1"}]}})");
    tell(policy("wbe"));
  }
  static std::string policy(const std::string& app) {
    return R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"namespace":"shop","name":"web","resourceVersion":"4711"},"spec":{"podSelector":{"matchLabels":{"app":")" +
           app + R"("}},"policyTypes":["Ingress"],"ingress":[{"from":[{"podSelector":{}}]}]}})";
  }
  void tell(const std::string& text) {
    const Object object = **decode(*parse_json(text), {.resource_version = "4711"});
    world.apply(object);
    engine.on(object);
    desk.changed();
  }

  struct Asked {
    std::optional<Result<report::LintView>> answer{};
  };
  std::shared_ptr<Asked> ask(policy::Release release = policy::kNewestRelease) {
    const auto asked = std::make_shared<Asked>();
    desk.ask(release, [asked](Result<report::LintView> view) { asked->answer = std::move(view); });
    return asked;
  }
  // Until `asked` is answered.
  report::LintView answer_of(const std::shared_ptr<Asked>& asked) {
    io.restart();
    const auto work = boost::asio::make_work_guard(io);
    const auto until = std::chrono::steady_clock::now() + seconds(60);
    while (!asked->answer && std::chrono::steady_clock::now() < until) io.run_one_for(seconds(1));
    if (asked->answer && *asked->answer) return **asked->answer;
    ADD_FAILURE() << (asked->answer ? asked->answer->error().what : "no answer");
    return {};
  }

  boost::asio::io_context io{1};
  World world{"n1"};
  policy::Engine engine{world, {}};
  LintDesk desk{io.get_executor(), world, engine};
};

TEST_F(LintDeskTest, SaysOfAClustersPolicyWhichVersionOfItIsMeant) {
  const report::LintView view = answer_of(ask());
  EXPECT_EQ(view.policies, 1U);
  EXPECT_EQ(view.cilium_release, "1.20.2");
  ASSERT_EQ(view.remarks.size(), 1U);
  EXPECT_EQ(view.remarks[0].code, "SXT012/selects-nothing");
  EXPECT_EQ(view.remarks[0].policy.origin.to_string(), "resourceVersion 4711");
  EXPECT_THAT(view.remarks[0].message, testing::Not(testing::HasSubstr("manifests")));
}

TEST_F(LintDeskTest, AnswersAtOnceUntilSomethingChanges) {
  answer_of(ask());
  EXPECT_TRUE(ask()->answer);
  tell(policy("web"));
  const auto asked = ask();
  EXPECT_FALSE(asked->answer);
  EXPECT_TRUE(answer_of(asked).remarks.empty());
}

TEST_F(LintDeskTest, WhoAsksAfterAChangeIsNotAnsweredFromBeforeIt) {
  const auto before = ask();
  tell(policy("web"));
  const auto after = ask();
  EXPECT_EQ(answer_of(before).remarks.size(), 1U);
  EXPECT_EQ(answer_of(after).remarks.size(), 0U);
}

TEST_F(LintDeskTest, JudgesByTheReleaseThatIsAskedOf) {
  const auto older = ask(policy::Release::k1_17_0);
  const auto newest = ask();
  EXPECT_EQ(answer_of(newest).cilium_release, "1.20.2");
  EXPECT_EQ(answer_of(older).cilium_release, "1.17.0");
}

TEST_F(LintDeskTest, ManyMayAskTheSameAndFewDifferentThings) {
  std::vector<std::shared_ptr<Asked>> same;
  for (std::size_t i = 0; i < 20; ++i) same.push_back(ask());
  std::vector<std::shared_ptr<Asked>> different;
  for (std::size_t i = 1; i < LintDesk::kMostQuestions; ++i) {
    desk.changed();
    different.push_back(ask());
  }
  desk.changed();
  const auto beyond = ask();
  ASSERT_TRUE(beyond->answer);
  EXPECT_EQ(beyond->answer->error().code, EAGAIN);
  answer_of(different.back());
  for (const auto& asked : same) EXPECT_TRUE(asked->answer);
  EXPECT_FALSE(ask()->answer) << "there is room again";
}

TEST_F(LintDeskTest, RefusesWhatWouldTakeMoreMemoryThanItMay) {
  const std::uint64_t needed = LintDesk::estimated_bytes(world, engine);
  const auto first_answer = [&](std::uint64_t most) {
    LintDesk bounded(io.get_executor(), world, engine, most);
    std::optional<Result<report::LintView>> answer;
    bounded.ask(policy::kNewestRelease, [&](Result<report::LintView> view) { answer = std::move(view); });
    bounded.stop();
    return answer->error().what;
  };
  EXPECT_EQ(first_answer(needed), "the daemon stops") << "it was taken";
  EXPECT_THAT(first_answer(needed - 1), testing::AllOf(testing::HasSubstr("lint of 1 pods and 1 policies"),
                                                       testing::HasSubstr("to lint --manifests")));
}

TEST_F(LintDeskTest, ASmallClusterIsFarBelowTheLimitAndThousandsOfPodsAreAboveIt) {
  EXPECT_LT(LintDesk::estimated_bytes(world, engine), LintDesk::kMostBytes / 100);
  for (int i = 0; i < 2'000; ++i) {
    const std::string name = "web-" + std::to_string(i);
    const Pod pod{.ns = "shop", .name = name, .uid = name, .node_name = "n" + std::to_string(i % 50)};
    world.apply(Object(pod));
  }
  EXPECT_GT(LintDesk::estimated_bytes(world, engine), LintDesk::kMostBytes);
}

TEST_F(LintDeskTest, WhoeverWaitsIsToldThatItStops) {
  const auto waiting = ask();
  desk.stop();
  ASSERT_TRUE(waiting->answer);
  EXPECT_EQ(waiting->answer->error().what, "the daemon stops");
  EXPECT_FALSE(*ask()->answer);
}

}  // namespace
}  // namespace sextant::app
