#include "agent/kube/pulse.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/fake_api.h"
#include "tests/unit/kube/kube_run.h"

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::FakeApi;
using test::Fault;
using test::Request;

class PulseTest : public testing::Test {
 protected:
  ~PulseTest() override {
    pulse.stop();
    EXPECT_TRUE(test::run_until(io, [this] { return ended; })) << "stopped, it ends";
  }

  void start() {
    api.heard = steady_clock::now();
    boost::asio::co_spawn(io, pulse.run(), [this](std::exception_ptr thrown) {
      ended = true;
      if (thrown) std::rethrow_exception(thrown);
    });
  }

  boost::asio::io_context io{};
  FakeApi server{};
  Api api{server.connection()};
  bool is_needed = true;
  std::vector<Pulse::Time> silences{};
  std::string why{};
  bool ended = false;
  Pulse pulse{io.get_executor(),
              api,
              {.look = 10ms, .silence = 60ms, .answer = 200ms},
              [this] { return is_needed; },
              [this](Pulse::Time heard, const std::string& reason) {
                silences.push_back(heard);
                why = reason;
              }};
};

TEST_F(PulseTest, AServerThatIsHeardIsNotAsked) {
  start();
  for (int i = 0; i < 20; ++i) {
    api.heard = steady_clock::now();
    test::run_for(io, 10ms);
  }
  EXPECT_THAT(pulse.requests(), testing::IsEmpty());
}

TEST_F(PulseTest, AServerThatNobodyWaitsForIsNotAsked) {
  is_needed = false;
  start();
  test::run_for(io, 200ms);
  EXPECT_THAT(server.requests(), testing::IsEmpty());
}

TEST_F(PulseTest, ASilentServerIsAskedAndAnyAnswerWillDo) {
  server.set_fault([](const Request&) { return Fault{.status = 503, .text = "etcd failed"}; });
  start();
  ASSERT_TRUE(test::run_until(io, [this] { return pulse.requests().contains({"get", 503}); }));
  EXPECT_EQ(server.requests().front().path, "/livez");
  EXPECT_THAT(silences, testing::IsEmpty());
}

TEST_F(PulseTest, AServerThatDoesNotAnswerEvenThenIsGivenUp) {
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kNever}; });
  start();
  const Pulse::Time heard = api.heard;
  ASSERT_TRUE(test::run_until(io, [this] { return !silences.empty(); }));
  EXPECT_EQ(silences.front(), heard);
  EXPECT_EQ(why, "the API server does not answer any more");
  EXPECT_EQ(pulse.requests().at({"get", 0}), 1U);
}

TEST_F(PulseTest, AServerThatOthersHearMeanwhileIsNotGivenUp) {
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kNever}; });
  start();
  ASSERT_TRUE(test::run_until(io, [this] { return !server.requests().empty(); }));
  api.heard = steady_clock::now();
  ASSERT_TRUE(test::run_until(io, [this] { return !pulse.requests().empty(); }));
  EXPECT_THAT(silences, testing::IsEmpty());
}

}  // namespace
}  // namespace sextant::kube
