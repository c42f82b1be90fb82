#include "agent/datapath/delivery.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include "tests/bpf/packet.h"
#include "tests/bpf/sandbox.h"
#include "tests/bpf/witness_fixture.h"

namespace sextant::test {
namespace {

using namespace std::chrono_literals;

std::string own_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return "";
}

// Packets through BPF_PROG_TEST_RUN, whose socket is nobody's: the programs parse each.
class DeliveryTest : public WitnessTest {
 protected:
  void SetUp() override {
    WitnessTest::SetUp();
    if (IsSkipped()) return;
    load();
  }

  void load(const datapath::RowsConfig& config = {}, std::uint32_t ring_bytes = 1U << 16U,
            std::chrono::milliseconds event_interval = 10s) {
    make_maps(config, ring_bytes);
    set_intent(example_intent(kEndpoint));
    auto delivery = datapath::Delivery::load({.cgroup = "/", .event_interval = event_interval}, lend());
    ASSERT_TRUE(delivery) << delivery.error().what;
    delivery_.emplace(std::move(*delivery));
  }

  static std::uint32_t run(int program, const Bytes& frame) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = 1);
    EXPECT_EQ(bpf_prog_test_run_opts(program, &options), 0);
    return options.retval;
  }
  void deliver(const Bytes& packet) { EXPECT_EQ(run(delivery_->ingress_fd(), ethernet(packet)), 1U); }
  void send(const Bytes& packet) { EXPECT_EQ(run(delivery_->egress_fd(), ethernet(packet)), 1U); }

  datapath::Datapath::ProgramUse use() const { return delivery_->use().front(); }

  PacketBuilder from_world_{kPublic, kEndpoint};
  std::optional<datapath::Delivery> delivery_{};
};

TEST_F(DeliveryTest, TellsOfAPacketThatTheIntentDenies) {
  deliver(from_world_.syn(4000, 5432));
  ASSERT_EQ(told(), 1U);
  const auto row = rows_->find(told_.front(), names());
  ASSERT_TRUE(row);
  EXPECT_EQ(row->key.endpoint.to_string(), "shop/db");
  EXPECT_EQ(row->key.protocol, Protocol::kTcp);
  EXPECT_EQ(row->key.port, 5432);
  EXPECT_EQ(row->key.source, kWorld);
  EXPECT_EQ(row->intended, Verdict::kDeny);
  EXPECT_EQ(row->delivered, 1U);
  EXPECT_EQ(row->dropped, 0U);
  EXPECT_EQ(row->sample.to_string(), kPublic);
  EXPECT_EQ(row->cgroup, own_cgroup());
  EXPECT_EQ(row->last_dropped, Time{});
  EXPECT_LT(std::chrono::system_clock::now() - row->last_delivered, 10s);
  EXPECT_EQ(row->first_seen, row->last_delivered);
}

TEST_F(DeliveryTest, OfWhatTheIntentAllowsOnlyCounts) {
  deliver(from_world_.syn(4000, 443));
  deliver(from_world_.syn(4001, 443));
  deliver(from_world_.syn(4000, 80));
  EXPECT_EQ(told(), 0U);
  EXPECT_EQ(row(Protocol::kTcp, 443).delivered, 2U);
  EXPECT_EQ(row(Protocol::kTcp, 443).intended, Verdict::kAllow);
  EXPECT_EQ(row(Protocol::kTcp, 80).intended, Verdict::kRedirect);
}

TEST_F(DeliveryTest, AnUnknownIntentIsNoDisagreement) {
  deliver(from_world_.syn(4000, 8080));
  EXPECT_EQ(told(), 0U);
  EXPECT_EQ(row(Protocol::kTcp, 8080).delivered, 1U);
  EXPECT_EQ(row(Protocol::kTcp, 8080).intended, Verdict::kUnknown);
}

TEST_F(DeliveryTest, SourcesThatAreNotPublicLeaveNoTrace) {
  for (const char* source : {"fd00::1", "fe80::1", "::1", kTrustedSource, "4000::1"}) {
    deliver(PacketBuilder(source, kEndpoint).syn(4000, 5432));
    deliver(PacketBuilder(source, "2001:db8:1::99").syn(4000, 5432));
  }
  EXPECT_EQ(told(), 0U);
  EXPECT_TRUE(rows().empty());
  EXPECT_TRUE(told_strays_.empty());
}

TEST_F(DeliveryTest, PacketsThatOpenNoFlowLeaveNoTrace) {
  for (const int flags : {kAck | 0, kSyn | kAck, kRst | 0, kFin | kAck, kPush | kAck, kSyn | kRst}) {
    deliver(from_world_.tcp(4000, 5432, static_cast<std::uint8_t>(flags)));
  }
  deliver(from_world_.sctp(4000, 5432, kSctpData));
  deliver(from_world_.sctp(4000, 5432, kSctpInitAck));
  for (const int type : {1, 2, 3, 4, 129, 133, 135, 136}) deliver(from_world_.icmpv6(static_cast<std::uint8_t>(type)));
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeliveryTest, EveryProtocolHasItsRow) {
  deliver(from_world_.udp(4000, 53));
  deliver(from_world_.sctp(4000, 36412));
  deliver(from_world_.icmpv6(128));
  deliver(from_world_.raw(47, Bytes(8, 0)));
  EXPECT_EQ(told(), 4U);
  EXPECT_EQ(row(Protocol::kUdp, 53).delivered, 1U);
  EXPECT_EQ(row(Protocol::kSctp, 36412).delivered, 1U);
  EXPECT_EQ(row(Protocol::kIcmpv6, 128).delivered, 1U);
  EXPECT_EQ(row(Protocol::kGre, 0).delivered, 1U);
}

TEST_F(DeliveryTest, SeesThroughExtensionHeaders) {
  deliver(from_world_.extension(kHopByHop).extension(kDestinationOptions, 3).authentication().syn(4000, 5432));
  deliver(from_world_.fragment(0, false).syn(4000, 5432));
  EXPECT_EQ(row(Protocol::kTcp, 5432).delivered, 2U);
}

TEST_F(DeliveryTest, AlwaysLetsThePacketPass) {
  const Bytes whole = ethernet(from_world_.extension(kHopByHop).fragment(0, true).syn(4000, 5432));
  // The kernel runs no test on less than an IPv6 header, nor does a socket ever get less.
  for (std::size_t length = 14 + 40; length <= whole.size(); ++length) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(run(delivery_->ingress_fd(), cut), 1U) << length;
    EXPECT_EQ(run(delivery_->egress_fd(), cut), 1U) << length;
  }
  const Bytes ipv4 = ethernet(Bytes(20, 0x45), {}, 0x0800);
  EXPECT_EQ(run(delivery_->ingress_fd(), ipv4), 1U);
  EXPECT_EQ(run(delivery_->egress_fd(), ipv4), 1U);
  deliver(from_world_.raw(kNoNext, {}));
  EXPECT_EQ(row(Protocol::kTcp, 5432).delivered, 1U);  // only the one that is whole
}

TEST_F(DeliveryTest, CountsEveryPacketButTellsOnceInAnInterval) {
  for (int i = 0; i < 1000; ++i) deliver(from_world_.udp(4000, 53));
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(row(Protocol::kUdp, 53).delivered, 1000U);
}

TEST_F(DeliveryTest, OfAUdpFlowThatAgreesAPacketASecondIsLookedAt) {
  for (int i = 0; i < 1000; ++i) deliver(from_world_.udp(4000, 443));
  EXPECT_LT(row(Protocol::kUdp, 443).delivered, 10U);
  const std::uint64_t before = row(Protocol::kUdp, 443).delivered;
  deliver(from_world_.udp(4001, 443));
  EXPECT_EQ(row(Protocol::kUdp, 443).delivered, before + 1);
  std::this_thread::sleep_for(1100ms);
  deliver(from_world_.udp(4000, 443));
  EXPECT_EQ(row(Protocol::kUdp, 443).delivered, before + 2);
}

TEST_F(DeliveryTest, AUdpFlowBetweenTwoOfTheNodeIsLookedAtOnceASecondAtBothEnds) {
  for (int i = 0; i < 1000; ++i) {
    send(from_world_.udp(4000, 443));
    deliver(from_world_.udp(4000, 443));
  }
  EXPECT_LT(row(Protocol::kUdp, 443).delivered, 10U);
}

TEST_F(DeliveryTest, AUdpFlowThatAgreedIsLookedAtAgainWhenTheIntentChanges) {
  deliver(from_world_.udp(4000, 443));
  auto denying = example_intent(kEndpoint);
  for (auto& range : denying.port_maps[0]) range.verdict = Verdict::kDeny;
  set_intent(denying);
  for (int i = 0; i < 10; ++i) deliver(from_world_.udp(4000, 443));
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(row(Protocol::kUdp, 443).delivered, 11U);
}

TEST_F(DeliveryTest, TellsAgainAfterTheInterval) {
  load({}, 1U << 16U, 50ms);
  deliver(from_world_.syn(4000, 5432));
  std::this_thread::sleep_for(60ms);
  deliver(from_world_.syn(4000, 5432));
  EXPECT_EQ(told(), 2U);
}

TEST_F(DeliveryTest, ARowThatDisagreedShowsItsAgreementToo) {
  deliver(from_world_.syn(4000, 5432));
  auto allowing = example_intent(kEndpoint);
  for (auto& range : allowing.port_maps[0]) range.verdict = Verdict::kAllow;
  set_intent(allowing);
  deliver(from_world_.syn(4000, 5432));
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(row(Protocol::kTcp, 5432).delivered, 2U);
  EXPECT_EQ(row(Protocol::kTcp, 5432).intended, Verdict::kAllow);
}

TEST_F(DeliveryTest, ARowThatAgreedAndThenDisagreesIsOneRow) {
  deliver(from_world_.syn(4000, 443));
  auto denying = example_intent(kEndpoint);
  for (auto& range : denying.port_maps[0]) range.verdict = Verdict::kDeny;
  set_intent(denying);
  deliver(from_world_.syn(4000, 443));
  EXPECT_EQ(told(), 1U);
  ASSERT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows().front().delivered, 2U);
  EXPECT_EQ(rows().front().intended, Verdict::kDeny);
}

TEST_F(DeliveryTest, AnAnswerToWhatTheNodeSentIsNoFlow) {
  const PacketBuilder to_world(kEndpoint, kPublic);
  send(to_world.udp(40000, 53));
  deliver(from_world_.udp(53, 40000));
  deliver(from_world_.udp(53, 40000));
  EXPECT_TRUE(rows().empty());
  deliver(from_world_.udp(54, 40000));  // another port of the same source did not get anything
  EXPECT_EQ(row(Protocol::kUdp, 40000).delivered, 1U);
}

TEST_F(DeliveryTest, AServersAnswerMakesItsClientNoServer) {
  deliver(from_world_.udp(4000, 53));
  send(PacketBuilder(kEndpoint, kPublic).udp(53, 4000));
  deliver(from_world_.udp(4000, 53));
  EXPECT_EQ(row(Protocol::kUdp, 53).delivered, 2U);
}

TEST_F(DeliveryTest, TellsOfAStrayWithTheCgroupThatReceivedIt) {
  const PacketBuilder stray(kPublic, "2001:db8:1::99");
  deliver(stray.syn(4000, 22));
  deliver(stray.syn(4001, 22));
  told();
  ASSERT_EQ(told_strays_.size(), 1U);
  const auto found = rows_->find(told_strays_.front(), names());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.to_string(), "2001:db8:1::99");
  EXPECT_EQ(found->sample.to_string(), kPublic);
  EXPECT_EQ(found->protocol, Protocol::kTcp);
  EXPECT_EQ(found->port, 22);
  EXPECT_EQ(found->count, 2U);
  EXPECT_EQ(found->cgroup, own_cgroup());
  EXPECT_EQ(found->pod_uid, std::nullopt);
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeliveryTest, AStrayMustBeForAGlobalAddress) {
  for (const char* destination : {"fd00::9", "fe80::9", "ff02::1"})
    deliver(PacketBuilder(kPublic, destination).udp(1, 53));
  told();
  EXPECT_TRUE(told_strays_.empty());
}

TEST_F(DeliveryTest, BeforeTheFirstIntentNothingIsAStray) {
  make_maps();
  auto delivery = datapath::Delivery::load({.cgroup = "/"}, lend());
  ASSERT_TRUE(delivery) << delivery.error().what;
  delivery_.emplace(std::move(*delivery));
  deliver(from_world_.syn(4000, 22));
  told();
  EXPECT_TRUE(told_strays_.empty());
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeliveryTest, OneDisagreementTooManyIsCountedAsLost) {
  load({.rows = 4});
  for (std::uint16_t port = 1; port <= 4; ++port) deliver(from_world_.syn(4000, port));
  EXPECT_EQ(use().rows_lost, 0U);
  deliver(from_world_.syn(4000, 5));
  EXPECT_EQ(use().rows_lost, 1U);
  EXPECT_EQ(delivery_->status().lost, 1U);
  EXPECT_EQ(told(), 4U);
  EXPECT_EQ(rows().size(), 4U);
}

TEST_F(DeliveryTest, AgreementCannotDisplaceADisagreement) {
  load({.rows = 4});
  for (std::uint16_t port = 1000; port < 1005; ++port) deliver(from_world_.syn(4000, port));
  EXPECT_EQ(use().agreeing_lost, 1U);
  EXPECT_EQ(use().rows_lost, 0U);
  deliver(from_world_.syn(4000, 5432));
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(row(Protocol::kTcp, 5432).delivered, 1U);
  EXPECT_EQ(delivery_->status().lost, 0U);
}

TEST_F(DeliveryTest, OneStrayTooManyIsCountedAsLost) {
  load({.strays = 2});
  for (std::uint16_t port = 1; port <= 3; ++port) deliver(PacketBuilder(kPublic, "2001:db8:1::99").syn(4000, port));
  told();
  EXPECT_EQ(told_strays_.size(), 2U);
  EXPECT_EQ(use().rows_lost, 1U);
}

TEST_F(DeliveryTest, EventsThatFindTheRingFullAreCounted) {
  load({.rows = 500}, 4096);
  for (std::uint16_t port = 5000; port < 5200; ++port) deliver(from_world_.syn(4000, port));
  const std::size_t came = told();
  EXPECT_GT(use().events_lost, 0U);
  EXPECT_EQ(came, use().events);
  EXPECT_EQ(came + use().events_lost, 200U);
  EXPECT_EQ(rows().size(), 200U);  // the rows themselves are all there
}

TEST_F(DeliveryTest, AQuietRowIsSweptAway) {
  load({.keep_agreeing = 20ms, .keep_disagreeing = 10min});
  deliver(from_world_.syn(4000, 443));
  deliver(from_world_.syn(4000, 5432));
  std::this_thread::sleep_for(30ms);
  ASSERT_TRUE(rows_->sweep());
  ASSERT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows().front().key.port, 5432);
}

TEST_F(DeliveryTest, AFreshRowIsNotSwept) {
  deliver(from_world_.syn(4000, 443));
  deliver(from_world_.syn(4000, 5432));
  ASSERT_TRUE(rows_->sweep());
  EXPECT_EQ(rows().size(), 2U);
}

TEST_F(DeliveryTest, WhatIsMergedNeverShrinks) {
  load({.keep_agreeing = 1ms, .keep_disagreeing = 10min});
  deliver(from_world_.syn(4000, 443));
  auto denying = example_intent(kEndpoint);
  for (auto& range : denying.port_maps[0]) range.verdict = Verdict::kDeny;
  set_intent(denying);
  deliver(from_world_.syn(4000, 443));
  std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(rows_->sweep());
  EXPECT_EQ(row(Protocol::kTcp, 443).delivered, 2U);
}

TEST_F(DeliveryTest, QuietStraysAreSweptAway) {
  load({.keep_disagreeing = 1ms});
  deliver(PacketBuilder(kPublic, "2001:db8:1::99").syn(4000, 22));
  told();
  ASSERT_EQ(told_strays_.size(), 1U);
  std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(rows_->sweep());
  EXPECT_FALSE(rows_->find(told_strays_.front(), names()));
}

TEST_F(DeliveryTest, RowsOfAnEndpointThatLeftAreNotShown) {
  deliver(from_world_.syn(4000, 5432));
  auto empty = example_intent(kEndpoint);
  empty.endpoints.clear();
  set_intent(empty);
  set_intent(empty);  // the seat is given up with the next intent
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeliveryTest, TellsTheUseOfItsMaps) {
  load({.rows = 4});
  deliver(from_world_.syn(4000, 5432));
  const auto uses = rows_->use();
  const auto disagreeing = std::ranges::find(uses, "disagreeing", &datapath::Datapath::MapUse::map);
  ASSERT_NE(disagreeing, uses.end());
  EXPECT_EQ(disagreeing->entries, 1U);
  EXPECT_EQ(disagreeing->capacity, 4U);
  EXPECT_GT(disagreeing->bytes, 0U);
}

TEST_F(DeliveryTest, IsBlindBelowTheRootOfTheCgroups) {
  const auto root = datapath::find_cgroup2();
  if (!root) GTEST_SKIP() << root.error().what;
  const TestCgroup part(*root, "/sextant-part-" + std::to_string(::getpid()));
  auto delivery = datapath::Delivery::load({.cgroup = part.directory()}, lend());
  ASSERT_TRUE(delivery) << delivery.error().what;
  EXPECT_EQ(delivery->status().state, WitnessState::kStarting);
  ASSERT_TRUE(delivery->attach());
  EXPECT_EQ(delivery->status().state, WitnessState::kBlind);
  EXPECT_NE(delivery->status().reason.find("is not the root of the node's cgroups"), std::string::npos);
}

TEST_F(DeliveryTest, SaysWhereItCouldNotAttach) {
  auto delivery = datapath::Delivery::load({.cgroup = "/nonexistent"}, lend());
  ASSERT_TRUE(delivery) << delivery.error().what;
  const auto attached = delivery->attach();
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().what, "open cgroup /nonexistent: No such file or directory");
}

}  // namespace
}  // namespace sextant::test
