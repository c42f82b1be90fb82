#include "agent/datapath/tables.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/bpf/uplink_fixture.h"
#include "tests/unit/datapath/random_intent.h"
#include "tests/unit/datapath/reference_lookup.h"

namespace sextant::test {
namespace {

class TablesTest : public UplinkTest {
 protected:
  static constexpr datapath::Sizes kRoomy{
      .endpoints = 512, .source_ranges = 4096, .cells = 4096, .port_ranges = 8192, .attempts = 4096};

  // One packet that asks for a new flow each time: by what the program must do with it.
  void expect_agreement(const KernelIntent& intent, const IpAddress& from, const IpAddress& to, Protocol protocol,
                        std::uint16_t port) {
    const PacketBuilder packet(from.to_string(), to.to_string());
    const std::uint16_t source_port = ++source_port_;  // no flow is known
    const std::string trace = from.to_string() + " " + to_string(protocol) + " " + std::to_string(port);
    switch (protocol) {
      case Protocol::kTcp:
        return expect_as(intent, packet.syn(source_port, port), from, to, protocol, port, trace);
      case Protocol::kUdp:
        return expect_as(intent, packet.udp(source_port, port), from, to, protocol, port, trace);
      default:
        return expect_as(intent, packet.sctp(source_port, port), from, to, protocol, port, trace);
    }
  }

 private:
  void expect_as(const KernelIntent& intent, const Bytes& packet, const IpAddress& from, const IpAddress& to,
                 Protocol protocol, std::uint16_t port, const std::string& trace) {
    const auto policy = policy_of(intent, to);
    const ClassId source = class_of(intent, from);
    if (!policy) return expect_fate(packet, PacketFate::kOtherDestination, trace);
    if (!from.is_global_unicast() || !is_public(intent, source))
      return expect_fate(packet, PacketFate::kNotPublic, trace);
    const Verdict expected = verdict_of(intent, *policy, source, protocol, port);
    const std::uint64_t before = judged(expected);
    expect_fate(packet, PacketFate::kJudged, trace);
    EXPECT_EQ(judged(expected), before + 1) << trace << " should be " << to_string(expected);
  }

  std::uint16_t source_port_ = 0;
};

// The differential test: random intents through the kernel's tables against a plain lookup.
TEST_F(TablesTest, TheProgramsVerdictIsTheIntents) {
  const std::uint64_t seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  load(kRoomy);
  RandomIntent random(seed);
  for (int round = 0; round < 25; ++round) {
    const KernelIntent intent = random.make({.endpoints = 1 + random.below(30),
                                             .sources = 1 + random.below(300),
                                             .classes = 1 + random.below(20),
                                             .policies = 1 + random.below(15),
                                             .port_maps = 1 + random.below(20)});
    set_intent(intent);
    ASSERT_TRUE(left_out_.empty()) << left_out_.front();
    for (int i = 0; i < 120; ++i) {
      const KernelEndpoint& endpoint = intent.endpoints[random.below(intent.endpoints.size())];
      const IpAddress to = i % 20 == 0 ? random.source_near(intent) : endpoint.addresses.front();
      const auto protocol = static_cast<Protocol>(std::vector{6, 17, 132}[random.below(3)]);
      expect_agreement(intent, random.source_near(intent), to, protocol,
                       random.port_near(intent.port_maps[random.below(intent.port_maps.size())]));
      if (HasFailure()) return;
    }
  }
}

// Two intents that differ in where the port is allowed and for whom: the verdict of a mixture would be allow, which
// neither intent gives. Packets run on another CPU while the intents change.
TEST_F(TablesTest, NoPacketIsJudgedByAMixtureOfTwoIntents) {
  const auto intent_with = [](std::uint32_t ports_of_world, std::uint32_t policy) {
    KernelIntent intent = example_intent("2001:db8:1::5");
    const PortMap denied{{.protocol = Protocol::kAny, .verdict = Verdict::kDeny},
                         {.protocol = Protocol::kTcp, .verdict = Verdict::kDeny}};
    const PortMap allowed{{.protocol = Protocol::kAny, .verdict = Verdict::kAllow},
                          {.protocol = Protocol::kTcp, .verdict = Verdict::kAllow}};
    intent.port_maps = {denied, allowed};
    intent.policies = {{.default_port_map = 0, .port_map_of_class = {{kWorld, ports_of_world}}},
                       {.default_port_map = 0, .port_map_of_class = {{kWorld, 1 - ports_of_world}}}};
    intent.endpoints.front().policy = policy;
    // The tables number only the policies that are used: a second endpoint keeps both in use, and their order.
    intent.endpoints.insert(intent.endpoints.begin(), {.endpoint = {.ns = "shop", .name = "first"},
                                                       .addresses = {IpAddress::parse("2001:db8:1::1").value()},
                                                       .policy = 0});
    intent.endpoints.push_back({.endpoint = {.ns = "shop", .name = "last"},
                                .addresses = {IpAddress::parse("2001:db8:1::9").value()},
                                .policy = 1});
    return intent;
  };
  // Policy 0 denies the world in the first, policy 1 in the second: the endpoint's policy and the cells change
  // together.
  const KernelIntent first = intent_with(0, 0), second = intent_with(1, 1);
  set_intent(first);
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> sent = 0;
  std::thread sender([&] {
    const Bytes frame = ethernet(PacketBuilder(kPublic, kEndpoint).syn(1000, 443));
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = 1000);
    while (!done) {
      if (bpf_prog_test_run_opts(uplink_->program_fd(true), &options) == 0) sent += 1000;
    }
  });
  for (int flip = 0; flip < 60; ++flip) set_intent(flip % 2 == 0 ? second : first);
  done = true;
  sender.join();
  EXPECT_GT(sent, 10'000U);
  EXPECT_EQ(judged(Verdict::kDeny), sent);
  EXPECT_EQ(judged(Verdict::kAllow), 0U);
}

TEST_F(TablesTest, AnEndpointThatLeavesIsJudgedNoMore) {
  expect_fate(PacketBuilder(kPublic, kEndpoint).syn(1, 443), PacketFate::kJudged);
  set_intent({});
  expect_fate(PacketBuilder(kPublic, kEndpoint).syn(1, 443), PacketFate::kOtherDestination);
  set_intent(example_intent(kEndpoint));
  expect_fate(PacketBuilder(kPublic, kEndpoint).syn(1, 443), PacketFate::kJudged);
}

TEST_F(TablesTest, SaysWhoHasNoRoom) {
  load({.endpoints = 1, .source_ranges = 64, .cells = 64, .port_ranges = 256, .attempts = 64});
  KernelIntent intent = example_intent(kEndpoint);
  intent.endpoints.push_back({.endpoint = {.ns = "shop", .name = "web"},
                              .addresses = {IpAddress::parse("2001:db8:1::6").value()},
                              .policy = 0});
  set_intent(intent);
  EXPECT_EQ(left_out_, std::vector<std::string>{"endpoint shop/web"});
  expect_fate(PacketBuilder(kPublic, kEndpoint).syn(1, 443), PacketFate::kJudged);
  expect_fate(PacketBuilder(kPublic, "2001:db8:1::6").syn(1, 443), PacketFate::kOtherDestination);
}

TEST_F(TablesTest, HasRoomWhenEveryEndpointIsReplacedAtOnce) {
  load({.endpoints = 4, .source_ranges = 64, .cells = 64, .port_ranges = 256, .attempts = 64});
  for (int round = 0; round < 5; ++round) {
    KernelIntent intent = example_intent(kEndpoint);
    intent.endpoints.clear();
    for (int i = 0; i < 4; ++i) {
      const std::string name = std::to_string(round) + "-" + std::to_string(i);
      intent.endpoints.push_back({.endpoint = {.ns = "shop", .name = name},
                                  .addresses = {IpAddress::parse("2001:db8:1::" + std::to_string(i)).value()},
                                  .policy = 0});
    }
    set_intent(intent);
    EXPECT_TRUE(left_out_.empty()) << left_out_.front();
    expect_fate(PacketBuilder(kPublic, "2001:db8:1::3").syn(1, 443), PacketFate::kJudged);
  }
}

TEST_F(TablesTest, RefusesSizesThatNoTableCanHave) {
  for (const datapath::Sizes& sizes :
       {datapath::Sizes{.endpoints = 0}, datapath::Sizes{.endpoints = 32'768}, datapath::Sizes{.source_ranges = 1},
        datapath::Sizes{.source_ranges = (1U << 20U) + 1}, datapath::Sizes{.cells = 0},
        datapath::Sizes{.port_ranges = (1U << 17U) + 1}}) {
    EXPECT_FALSE(datapath::Tables::create(sizes));
  }
}

TEST_F(TablesTest, TellsHowFullItIs) {
  const auto use = [&](const std::string& map) {
    for (const auto& one : tables_->use()) {
      if (one.map == map) return one;
    }
    return datapath::Datapath::MapUse{};
  };
  EXPECT_EQ(use("endpoints").entries, 1U);
  EXPECT_EQ(use("endpoints").capacity, 8U);
  EXPECT_EQ(use("sources").entries, 5U);
  EXPECT_EQ(use("ranges").entries, 13U);
  EXPECT_GT(use("sources").bytes, 0U);
}

}  // namespace
}  // namespace sextant::test
