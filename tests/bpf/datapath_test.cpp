#include "agent/datapath/datapath.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>
#include <net/if.h>
#include <unistd.h>

#include "tests/bpf/sandbox.h"
#include "tests/bpf/witness_fixture.h"

namespace sextant::test {
namespace {

namespace asio = boost::asio;
using datapath::Datapath;
using namespace std::chrono_literals;

// The whole of it, all witnesses together.
class DatapathTest : public testing::Test {
 protected:
  static constexpr const char* kEndpoint = "2001:db8:1::5";

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  void load(const datapath::Config& config = {}) {
    auto loaded =
        Datapath::load(config, {.disagreement = [this](const RowObservation& row) { disagreements_.push_back(row); },
                                .stray = [](const StrayDelivery&) {},
                                .listeners = [this](const ListenerPicture&) { ++pictures_; },
                                .status = [] {}});
    ASSERT_TRUE(loaded) << loaded.error().what;
    datapath_.emplace(std::move(*loaded));
  }

  // Runs the datapath, and `body` meanwhile; then cancels, which must be success.
  void run(const std::function<void()>& body, std::chrono::milliseconds length = 1500ms) {
    asio::io_context context;
    asio::cancellation_signal stop;
    std::optional<Result<>> ended;
    const auto at_end = [&](std::exception_ptr thrown, Result<> result) {
      EXPECT_FALSE(thrown);
      ended = std::move(result);
    };
    asio::co_spawn(context, datapath_->run(), asio::bind_cancellation_slot(stop.slot(), at_end));
    asio::steady_timer begin(context, 200ms), end(context, length);
    begin.async_wait([&](auto) { body(); });
    end.async_wait([&](auto) { stop.emit(asio::cancellation_type::terminal); });
    context.run();
    ASSERT_TRUE(ended);
    EXPECT_TRUE(*ended) << ended->error().what;
  }

  WitnessStatus status(Witness witness) const {
    for (const WitnessStatus& one : datapath_->statuses()) {
      if (one.witness == witness) return one;
    }
    return {};
  }

  std::optional<Datapath> datapath_{};
  std::vector<RowObservation> disagreements_{};
  int pictures_ = 0;
};

TEST_F(DatapathTest, SeesAPacketFromTheUplinkToTheSocketAndTellsTheDisagreement) {
  const Wire wire(kPublic, kEndpoint);
  wire.near.in([&] {
    load();
    datapath_->set_uplinks({{.index = static_cast<int>(::if_nametoindex("eth0")), .name = "eth0"}});
    ASSERT_TRUE(datapath_->set_intent(example_intent(kEndpoint)));
    const UniqueFd denied = bound_socket(SOCK_STREAM, kEndpoint, 5432);
    const UniqueFd allowed = bound_socket(SOCK_STREAM, kEndpoint, 443);
    run([&] {
      wire.far.in([] {
        EXPECT_EQ(try_connect(kEndpoint, 5432), 0);
        EXPECT_EQ(try_connect(kEndpoint, 443), 0);
      });
    });
    ASSERT_EQ(disagreements_.size(), 1U);
    EXPECT_EQ(disagreements_.front().key.port, 5432);
    EXPECT_EQ(disagreements_.front().key.endpoint.to_string(), "shop/db");
    EXPECT_EQ(disagreements_.front().intended, Verdict::kDeny);
    EXPECT_EQ(datapath_->rows().value().size(), 2U);
    EXPECT_EQ(datapath_->attempts().value().size(), 2U);
    EXPECT_FALSE(datapath_->sources().value().empty());
    EXPECT_FALSE(datapath_->uplink_counts().value().empty());
    EXPECT_GE(pictures_, 1);
    for (const Witness witness : {Witness::kUplink, Witness::kDelivery, Witness::kDeath, Witness::kListening}) {
      EXPECT_EQ(status(witness).state, WitnessState::kSees) << to_string(witness);
    }
    datapath_.reset();
  });
}

TEST_F(DatapathTest, NamesWhatDoesNotFitAndKeepsTheRestInForce) {
  datapath::Config config;
  config.sizes.endpoints = 2;
  load(config);
  KernelIntent intent = example_intent(kEndpoint);
  for (std::uint64_t i = 0; i < 5; ++i) {
    intent.endpoints.push_back({.endpoint = {.ns = "shop", .name = std::string(1, static_cast<char>('a' + i))},
                                .addresses = {IpAddress::from_halves(0x2001'0db8'0002'0000ULL, i)},
                                .policy = 0});
  }
  const auto set = datapath_->set_intent(intent);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().what,
            "does not fit, and is unknown: endpoint shop/c, endpoint shop/d, endpoint shop/db and 1 more");
  const auto less = datapath_->set_intent(example_intent(kEndpoint));
  EXPECT_TRUE(less) << less.error().what;
}

TEST_F(DatapathTest, LosesOnlyTheDeliveryWitnessWithoutACgroup) {
  datapath::Config config;
  config.cgroup = "/nonexistent";
  load(config);
  EXPECT_EQ(status(Witness::kDelivery).state, WitnessState::kBlind);
  EXPECT_TRUE(status(Witness::kDelivery).reason.contains("/nonexistent")) << status(Witness::kDelivery).reason;
  EXPECT_EQ(status(Witness::kDeath).state, WitnessState::kSees);
  EXPECT_EQ(status(Witness::kUplink).state, WitnessState::kStarting);
}

TEST_F(DatapathTest, FitsInto32MiBOfKernelMemoryAtTheDefaultSizes) {
  load();
  std::uint64_t bytes = 0;
  for (const auto& use : datapath_->map_use()) bytes += use.bytes;
  EXPECT_GT(bytes, 1U << 20U);
  EXPECT_LE(bytes, 32U << 20U);
}

TEST_F(DatapathTest, TellsTheUseOfEveryProgram) {
  load();
  std::vector<std::string> programs;
  for (const auto& use : datapath_->program_use()) programs.push_back(use.program);
  for (const char* name : {"uplink", "uplink_l3", "delivery", "death", "listening"}) {
    EXPECT_EQ(std::ranges::count(programs, name), 1) << name;
  }
}

TEST_F(DatapathTest, SurvivesBeingMoved) {
  load();
  Datapath moved = std::move(*datapath_);
  datapath_.emplace(std::move(moved));
  EXPECT_TRUE(datapath_->set_intent(example_intent(kEndpoint)));
  run([] {}, 400ms);
}

TEST_F(DatapathTest, SaysThatSizesAreImpossible) {
  datapath::Config config;
  config.sizes.source_ranges = 0;
  const auto loaded = Datapath::load(config, {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().what, "make the verdict tables: source_ranges must be 2 to 1048576");
}

}  // namespace
}  // namespace sextant::test
