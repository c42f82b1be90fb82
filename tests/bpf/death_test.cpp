#include "agent/datapath/death.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#include "tests/bpf/packet.h"
#include "tests/bpf/sandbox.h"
#include "tests/bpf/witness_fixture.h"

namespace sextant::test {
namespace {

using namespace std::chrono_literals;

// Real packets, for only these die: the internet and a pod, each in a namespace of its own.
class DeathTest : public WitnessTest {
 protected:
  void SetUp() override {
    WitnessTest::SetUp();
    if (IsSkipped()) return;
    wire_.emplace(kPublic, kEndpoint);
    load();
  }

  void load(const datapath::RowsConfig& config = {}) {
    make_maps(config);
    set_intent(example_intent(kEndpoint));
    auto death = datapath::Death::load(10s, lend());
    if (!death) GTEST_SKIP() << death.error().what;
    death_.emplace(std::move(*death));
    reason_name_ = [this](std::uint32_t reason) { return death_->reason_name(reason); };
    ASSERT_TRUE(death_->attach());
  }

  void firewall(const std::string& rule) {
    wire_->near.run("nft 'table ip6 t {\n chain in {\n type filter hook input priority 0;\n " + rule + "\n }\n }\n'");
  }
  // A SYN from the internet; what becomes of it is the row's to tell.
  void knock(std::uint16_t port, const std::string& address = kEndpoint) {
    wire_->far.in([&] { try_connect(address, port, 50); });
  }
  // A packet put on the wire as it is, without the stack of the sender.
  void inject(const Bytes& packet) {
    const Bytes frame = ethernet(packet);
    wire_->near.run("ip link set eth0 address 02:00:00:00:00:02");  // the frame's destination
    wire_->far.in([&] {
      const UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      sockaddr_ll to{};
      to.sll_family = AF_PACKET;
      to.sll_ifindex = static_cast<int>(::if_nametoindex("w0"));
      if (::sendto(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0)
        fail("send a frame");
    });
  }
  RowObservation wait_for(Protocol protocol, std::uint16_t port) {
    for (int i = 0; i < 50 && row(protocol, port).first_seen == Time{}; ++i) std::this_thread::sleep_for(10ms);
    return row(protocol, port);
  }

  std::optional<Wire> wire_{};
  std::optional<datapath::Death> death_{};
};

TEST_F(DeathTest, TellsOfADropThatTheIntentAllows) {
  firewall("tcp dport 443 drop");
  knock(443);
  const auto row = wait_for(Protocol::kTcp, 443);
  EXPECT_EQ(row.key.endpoint.to_string(), "shop/db");
  EXPECT_EQ(row.dropped, 1U);
  EXPECT_EQ(row.delivered, 0U);
  EXPECT_EQ(row.refused, 0U);
  EXPECT_EQ(row.drop_reason, "NETFILTER_DROP");
  EXPECT_EQ(row.intended, Verdict::kAllow);
  EXPECT_EQ(row.sample.to_string(), kPublic);
  EXPECT_TRUE(row.cgroup.empty());
  EXPECT_EQ(told(), 1U);
}

TEST_F(DeathTest, ADropThatTheIntentWantsTellsNothing) {
  firewall("tcp dport 5432 drop");
  knock(5432);
  EXPECT_EQ(wait_for(Protocol::kTcp, 5432).dropped, 1U);
  EXPECT_EQ(told(), 0U);
}

TEST_F(DeathTest, ARejectIsADrop) {
  firewall("tcp dport 443 reject");
  knock(443);
  EXPECT_EQ(wait_for(Protocol::kTcp, 443).drop_reason, "NETFILTER_DROP");
  EXPECT_EQ(told(), 1U);
}

TEST_F(DeathTest, AClosedPortRefusesAndIsNoDrop) {
  knock(443);
  const auto row = wait_for(Protocol::kTcp, 443);
  EXPECT_EQ(row.refused, 1U);
  EXPECT_EQ(row.dropped, 0U);
  EXPECT_TRUE(row.drop_reason.empty());
  EXPECT_EQ(told(), 0U);
}

TEST_F(DeathTest, SeesDropsBeforeTheStack) {
  wire_->near.run(
      "nft 'table netdev t {\n chain in {\n type filter hook ingress device eth0 priority 0;\n"
      " tcp dport 443 drop\n }\n }\n'");
  knock(443);
  EXPECT_EQ(wait_for(Protocol::kTcp, 443).drop_reason, "NETFILTER_DROP");
  EXPECT_EQ(told(), 1U);
}

TEST_F(DeathTest, SeesDropsForWantOfARoute) {
  wire_->near.run(
      "ip address del 2001:db8:1::5/128 dev eth0 && ip -6 route add unreachable 2001:db8:1::5/128 && "
      "ip link set eth0 address 02:00:00:00:00:02 && sysctl -qw net.ipv6.conf.all.forwarding=1");
  wire_->far.run("ip -6 neigh replace 2001:db8:1::5 lladdr 02:00:00:00:00:02 dev w0");
  knock(443);
  EXPECT_EQ(wait_for(Protocol::kTcp, 443).drop_reason, "IP_INNOROUTES");
  EXPECT_EQ(told(), 1U);
}

TEST_F(DeathTest, SeesDatagrams) {
  firewall("udp dport 443 drop");
  wire_->far.in([&] {
    const auto socket = bound_socket(SOCK_DGRAM, kPublic, 0);
    for (int i = 0; i < 3; ++i) send_datagram(socket, kEndpoint, 443);
  });
  EXPECT_EQ(wait_for(Protocol::kUdp, 443).drop_reason, "NETFILTER_DROP");
  EXPECT_EQ(row(Protocol::kUdp, 443).dropped, 3U);
  EXPECT_EQ(told(), 1U);
}

TEST_F(DeathTest, SourcesThatAreNotPublicLeaveNoTrace) {
  firewall("tcp dport 443 drop");
  wire_->far.run(std::string("ip address add ") + kTrustedSource + "/128 dev w0 nodad && ip address del " + kPublic +
                 "/128 dev w0");
  knock(443);
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeathTest, OtherDestinationsLeaveNoTrace) {
  wire_->near.run("ip address add 2001:db8:1::6/128 dev eth0 nodad");
  firewall("tcp dport 443 drop");
  knock(443, "2001:db8:1::6");
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeathTest, WhatAnAttackerSpoilsHimselfIsNoDrop) {
  const PacketBuilder from_world(kPublic, kEndpoint);
  for (int i = 0; i < 3; ++i) inject(from_world.syn(4000, 443));  // its checksum is 0: wrong
  inject(from_world.udp(4000, 443));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(row(Protocol::kTcp, 443).dropped, 0U);
  EXPECT_EQ(row(Protocol::kUdp, 443).dropped, 0U);
  EXPECT_EQ(told(), 0U);
}

TEST_F(DeathTest, OneDisagreementTooManyIsCountedAsLost) {
  load({.rows = 2});
  firewall("tcp dport 1000-1002 drop");
  for (const std::uint16_t port : {1000, 1001}) knock(port);
  wait_for(Protocol::kTcp, 1001);
  EXPECT_EQ(death_->status().lost, 0U);
  knock(1002);
  for (int i = 0; i < 50 && death_->status().lost == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(death_->status().lost, 1U);
  EXPECT_EQ(death_->use().front().rows_lost, 1U);
}

TEST_F(DeathTest, SeesFromAttachOn) {
  EXPECT_EQ(death_->status().state, WitnessState::kSees);
  auto second = datapath::Death::load(1s, lend());
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(second->status().state, WitnessState::kStarting);
}

TEST_F(DeathTest, EndsWithTheObject) {
  firewall("tcp dport 443 drop");
  death_.reset();
  knock(443);
  std::this_thread::sleep_for(50ms);
  reason_name_ = [](std::uint32_t) { return std::string(); };
  EXPECT_TRUE(rows().empty());
}

}  // namespace
}  // namespace sextant::test
