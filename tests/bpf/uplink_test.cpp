#include "agent/datapath/uplink.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/datapath/delivery.h"
#include "agent/datapath/events.h"
#include "tests/bpf/uplink_fixture.h"

namespace sextant::test {
namespace {

PacketBuilder from_world() { return {kPublic, "2001:db8:1::5"}; }

TEST_F(UplinkTest, CountsWhatIsNoIpv6) {
  arrive_frame(ethernet(Bytes(60, 0), {}, 0x0800));
  arrive_frame(ethernet(Bytes(60, 0), {}, 0x0806));
  EXPECT_EQ(fate(PacketFate::kNotIpv6), 2U);
  EXPECT_EQ(seen(), 2U);
}

TEST_F(UplinkTest, CountsWhatGoesToNoEndpoint) {
  expect_fate(PacketBuilder(kPublic, "2001:db8:1::6").syn(1000, 443), PacketFate::kOtherDestination);
  expect_fate(PacketBuilder(kPublic, "2001:db8:1::6").udp(1000, 443), PacketFate::kOtherDestination);
  EXPECT_TRUE(attempts().empty());
}

TEST_F(UplinkTest, KnowsNoEndpointBeforeTheFirstIntent) {
  const datapath::Sizes sizes{.endpoints = 8, .source_ranges = 64, .cells = 64, .port_ranges = 256, .attempts = 64};
  tables_.emplace(datapath::Tables::create(sizes).value());
  uplink_.emplace(datapath::Uplink::load(sizes, [&](bpf_object& object) { return tables_->lend_to(object); }).value());
  uplinks_.emplace(*uplink_, *tables_);
  expect_fate(from_world().syn(1000, 443), PacketFate::kOtherDestination);
}

TEST_F(UplinkTest, JudgesATcpSynEachTime) {
  for (int i = 0; i < 3; ++i) expect_fate(from_world().syn(1000, 443), PacketFate::kJudged);
  EXPECT_EQ(judged(Verdict::kAllow), 3U);
  EXPECT_EQ(fate(PacketFate::kJudged, Verdict::kAllow, Protocol::kTcp), 3U);
}

TEST_F(UplinkTest, DoesNotJudgeTcpThatOpensNothing) {
  for (const std::uint8_t flags : {kAck, std::uint8_t(kSyn | kAck), std::uint8_t(kFin | kAck), kRst,
                                   std::uint8_t(kSyn | kRst), std::uint8_t(kPush | kAck), std::uint8_t(0)}) {
    expect_fate(from_world().tcp(1000, 443, flags), PacketFate::kEstablished);
  }
  EXPECT_TRUE(attempts().empty());
}

TEST_F(UplinkTest, TellsTheVerdictAtEveryEdgeOfEveryPortRange) {
  const KernelIntent intent = example_intent(kEndpoint);
  std::uint64_t sent[VERDICT_COUNT] = {};
  for (const KernelRange& range : intent.port_maps[0]) {
    if (range.protocol != Protocol::kTcp && range.protocol != Protocol::kUdp) continue;
    for (const std::uint16_t port : std::set{range.first_port, range.last_port}) {
      arrive(range.protocol == Protocol::kTcp ? from_world().syn(1000, port) : from_world().udp(1000, port));
      ++sent[static_cast<int>(range.verdict)];
      EXPECT_EQ(judged(range.verdict), sent[static_cast<int>(range.verdict)]) << to_string(range.protocol) << port;
    }
  }
}

TEST_F(UplinkTest, TakesTheProtocolsOwnRangesElseThoseOfAny) {
  KernelIntent intent = example_intent(kEndpoint);
  intent.port_maps[0] = {
      {.protocol = Protocol::kAny, .verdict = Verdict::kAuth},
      {.protocol = Protocol::kIcmpv6, .first_port = 0, .last_port = 127, .verdict = Verdict::kDeny},
      {.protocol = Protocol::kIcmpv6, .first_port = 128, .last_port = 128, .verdict = Verdict::kAllow},
      {.protocol = Protocol::kIcmpv6, .first_port = 129, .last_port = 65535, .verdict = Verdict::kDeny},
      {.protocol = Protocol::kSctp, .verdict = Verdict::kRedirect}};
  set_intent(intent);
  arrive(from_world().icmpv6(128));
  EXPECT_EQ(judged(Verdict::kAllow), 1U);
  arrive(from_world().icmpv6(139));  // node information query
  EXPECT_EQ(judged(Verdict::kDeny), 1U);
  arrive(from_world().sctp(1000, 443));
  EXPECT_EQ(judged(Verdict::kRedirect), 1U);
  arrive(from_world().syn(1000, 443));
  arrive(from_world().udp(1000, 443));
  arrive(from_world().raw(47, Bytes(8, 0)));
  EXPECT_EQ(judged(Verdict::kAuth), 3U);
  EXPECT_EQ(fate(PacketFate::kJudged, Verdict::kAuth, Protocol::kAny), 1U);
}

TEST_F(UplinkTest, IsUnknownWhereTheIntentSaysNothing) {
  KernelIntent intent = example_intent(kEndpoint);
  intent.port_maps[0] = {{.protocol = Protocol::kTcp, .first_port = 10, .last_port = 20, .verdict = Verdict::kAllow},
                         {.protocol = Protocol::kTcp, .first_port = 30, .last_port = 40, .verdict = Verdict::kAllow}};
  set_intent(intent);
  for (const std::uint16_t port : {0, 9, 21, 29, 41, 65535}) arrive(from_world().syn(1000, port));
  EXPECT_EQ(judged(Verdict::kUnknown), 6U);
  for (const std::uint16_t port : {10, 20, 30, 40}) arrive(from_world().syn(1000, port));
  EXPECT_EQ(judged(Verdict::kAllow), 4U);
  arrive(from_world().udp(1000, 10));
  EXPECT_EQ(judged(Verdict::kUnknown), 7U);
}

TEST_F(UplinkTest, JudgesAnSctpInitAndNoOtherChunk) {
  expect_fate(from_world().sctp(1000, 443), PacketFate::kJudged);
  expect_fate(from_world().sctp(1000, 443, kSctpInitAck), PacketFate::kEstablished);
  expect_fate(from_world().sctp(1000, 443, kSctpData), PacketFate::kEstablished);
}

TEST_F(UplinkTest, DoesNotJudgeIcmpv6ThatAnswersOrKeepsTheLink) {
  for (const int type : {1, 2, 3, 4, 127, 129, 133, 134, 135, 136, 137}) {
    expect_fate(from_world().icmpv6(static_cast<std::uint8_t>(type)), PacketFate::kControl);
  }
  for (const int type : {128, 130, 132, 138, 255}) {
    expect_fate(from_world().icmpv6(static_cast<std::uint8_t>(type)), PacketFate::kJudged);
  }
}

TEST_F(UplinkTest, TellsPublicSourcesFromOthers) {
  for (const char* source : {kTrustedSource, "2001:db8:100:ffff:ffff:ffff:ffff:ffff", "fd00::1", "fe80::1", "::1",
                             "1fff:ffff::1", "4000::1"}) {
    expect_fate(PacketBuilder(source, kEndpoint).syn(1000, 443), PacketFate::kNotPublic);
  }
  for (const char* source : {"2000::", "2001:db8:ff:ffff:ffff:ffff:ffff:ffff", "2001:db8:101::", "3fff::1",
                             "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    expect_fate(PacketBuilder(source, kEndpoint).syn(1000, 443), PacketFate::kJudged);
  }
}

TEST_F(UplinkTest, JudgesAFlowWithoutAHandshakeOnce) {
  expect_fate(from_world().udp(1000, 443), PacketFate::kJudged);
  for (int i = 0; i < 5; ++i) expect_fate(from_world().udp(1000, 443), PacketFate::kKnownFlow);
  EXPECT_EQ(fate(PacketFate::kKnownFlow, Verdict::kAllow, Protocol::kUdp), 5U);
  expect_fate(from_world().udp(1001, 443), PacketFate::kJudged);
  expect_fate(from_world().udp(1000, 444), PacketFate::kJudged);
  expect_fate(PacketBuilder("2600:1::8", kEndpoint).udp(1000, 443), PacketFate::kJudged);
  expect_fate(from_world().icmpv6(128), PacketFate::kJudged);
  expect_fate(from_world().icmpv6(128), PacketFate::kKnownFlow);
  expect_fate(from_world().raw(50, Bytes(16, 1)), PacketFate::kJudged);
  expect_fate(from_world().raw(50, Bytes(16, 2)), PacketFate::kKnownFlow);
}

TEST_F(UplinkTest, RemembersThatASourceIsNotPublic) {
  const auto packet = PacketBuilder(kTrustedSource, kEndpoint).udp(1000, 443);
  for (int i = 0; i < 3; ++i) expect_fate(packet, PacketFate::kNotPublic);
}

TEST_F(UplinkTest, JudgesAKnownFlowAnewUnderANewIntent) {
  expect_fate(from_world().udp(1000, 443), PacketFate::kJudged);
  KernelIntent intent = example_intent(kEndpoint);
  for (KernelRange& range : intent.port_maps[0]) range.verdict = Verdict::kDeny;
  set_intent(intent);
  expect_fate(from_world().udp(1000, 443), PacketFate::kJudged);
  EXPECT_EQ(judged(Verdict::kDeny), 1U);
}

TEST_F(UplinkTest, JudgesAFlowAnewThatWasSilentForLong) {
  const auto idle = datapath::KernelClock::in_jiffies(datapath::kFlowIdle);
  const auto packet = from_world().udp(1000, 443);
  expect_fate(packet, PacketFate::kJudged);
  age_known_flows(idle - datapath::KernelClock::in_jiffies(std::chrono::seconds(5)));  // the test itself takes time
  expect_fate(packet, PacketFate::kKnownFlow);
  age_known_flows(idle);
  expect_fate(packet, PacketFate::kJudged);
}

TEST_F(UplinkTest, AFloodMakesTheFlowCacheForgetButNeverLie) {
  for (std::uint16_t port = 1; port <= 3 * FLOWS_PER_CPU; ++port) arrive(from_world().udp(port, 443));
  EXPECT_EQ(fate(PacketFate::kJudged), 3U * FLOWS_PER_CPU);
  EXPECT_EQ(fate(PacketFate::kKnownFlow), 0U);
}

// The egress program of the delivery witness remembers what the node's sockets sent.
TEST_F(UplinkTest, CallsWhatAnswersTheNodeAnAnswer) {
  auto events = datapath::Events::create(
      4096, {.row = [](const row_key&) {}, .stray = [](const stray_key&) {}, .sockets = [] {}});
  ASSERT_TRUE(events);
  auto delivery = datapath::Delivery::load({.cgroup = "/"}, [&](bpf_object& object) -> Result<> {
    if (auto lent = rows_->lend_to(object); !lent) return lent;
    if (auto lent = events->lend_to(object); !lent) return lent;
    return tables_->lend_to(object);
  });
  ASSERT_TRUE(delivery) << delivery.error().what;
  const Bytes question = ethernet(PacketBuilder(kEndpoint, kPublic).udp(40'000, 53));
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = question.data(),
              .data_size_in = static_cast<std::uint32_t>(question.size()), .repeat = 1);
  ASSERT_EQ(bpf_prog_test_run_opts(delivery->egress_fd(), &options), 0);

  expect_fate(from_world().udp(53, 40'000), PacketFate::kAnswer);
  expect_fate(from_world().udp(53, 40'000), PacketFate::kAnswer, "also when the flow is remembered");
  EXPECT_TRUE(attempts().empty());
  expect_fate(from_world().udp(53, 40'001), PacketFate::kJudged);
  expect_fate(from_world().udp(54, 40'000), PacketFate::kJudged);
  expect_fate(PacketBuilder("2600:1::8", kEndpoint).udp(53, 40'000), PacketFate::kJudged);
}

TEST_F(UplinkTest, WalksExtensionHeadersUpToTheLimit) {
  for (const std::uint8_t header : {kHopByHop, kRouting, kDestinationOptions}) {
    expect_fate(from_world().extension(header).syn(1000, 443), PacketFate::kJudged);
    expect_fate(from_world().extension(header, 4).udp(1000, header), PacketFate::kJudged);
  }
  expect_fate(from_world().authentication().syn(1000, 443), PacketFate::kJudged);
  PacketBuilder packet = from_world();
  for (int count = 1; count <= 8; ++count) {
    packet = packet.extension(kDestinationOptions);
    expect_fate(packet.syn(1000, 443), PacketFate::kJudged, std::to_string(count));
  }
  expect_fate(packet.extension(kDestinationOptions).syn(1000, 443), PacketFate::kUnsupportedHeader);
  EXPECT_EQ(judged(Verdict::kAllow), 3U + 1U + 8U);
}

TEST_F(UplinkTest, WalksTheLongestExtensionHeaders) {
  const auto header = [](std::uint8_t length_field) {
    Bytes body((length_field + 1U) * 8U, 0);
    body[1] = length_field;
    return body;
  };
  expect_fate(from_world().with(kDestinationOptions, header(255)).syn(1000, 443), PacketFate::kJudged);
}

TEST_F(UplinkTest, KnowsWhichHeadersItDoesNotWalk) {
  for (const int header : {59, 135, 139, 140}) {
    expect_fate(from_world().raw(static_cast<std::uint8_t>(header), Bytes(16, 0)), PacketFate::kUnsupportedHeader);
  }
  expect_fate(from_world().extension(kRouting).extension(kHopByHop).syn(1, 443), PacketFate::kMalformed);
}

TEST_F(UplinkTest, JudgesFirstAndAtomicFragmentsOnly) {
  expect_fate(from_world().fragment(0, true).syn(1000, 443), PacketFate::kJudged);
  expect_fate(from_world().fragment(0, false).syn(1000, 443), PacketFate::kJudged);
  expect_fate(from_world().fragment(1, true).syn(1000, 443), PacketFate::kLaterFragment);
  expect_fate(from_world().fragment(0x1fff, false).udp(1000, 443), PacketFate::kLaterFragment);
  EXPECT_EQ(fate(PacketFate::kLaterFragment, {}, Protocol::kTcp), 1U);
  EXPECT_EQ(fate(PacketFate::kLaterFragment, {}, Protocol::kUdp), 1U);
  expect_fate(from_world().extension(kHopByHop).fragment(0, true).udp(1000, 443), PacketFate::kJudged);
}

TEST_F(UplinkTest, LooksBehindOneAndTwoVlanTags) {
  arrive_frame(ethernet(from_world().syn(1000, 443), {5}));
  EXPECT_EQ(judged(Verdict::kAllow), 1U);
  arrive_frame(ethernet(from_world().syn(1000, 443), {5, 6}));
  EXPECT_EQ(judged(Verdict::kAllow), 2U);
  arrive_frame(ethernet(from_world().syn(1000, 443), {5, 6, 7}));
  EXPECT_EQ(fate(PacketFate::kUnsupportedHeader), 1U);
  arrive_frame(ethernet(Bytes(40, 0), {5}, 0x0800));
  EXPECT_EQ(fate(PacketFate::kNotIpv6), 1U);
  EXPECT_EQ(seen(), 4U);
}

// BPF_PROG_TEST_RUN reads bytes 12 and 13 as an Ethernet type; in an IPv6 packet they are the third group of the
// source.
TEST_F(UplinkTest, ReadsPacketsOfDevicesWithoutALinkHeader) {
  arrive_l3(PacketBuilder("2600:1:86dd::7", kEndpoint).syn(1000, 443));
  EXPECT_EQ(judged(Verdict::kAllow), 1U);
  arrive_l3(PacketBuilder("2600:1:86dd::7", kEndpoint).extension(kHopByHop).udp(1000, 443));
  EXPECT_EQ(judged(Verdict::kAllow), 2U);
  arrive_l3(PacketBuilder("2600:1:800::7", kEndpoint).syn(1000, 443));
  EXPECT_EQ(fate(PacketFate::kNotIpv6), 1U);
}

// BPF_PROG_TEST_RUN takes no frame whose IP header is not whole; uplinks_test.cpp sends those.
bool can_run(const Bytes& frame) {
  const std::size_t type = frame[12] << 8U | frame[13];
  return frame.size() > 14U + (type == 0x86dd ? 39U : type == 0x0800 ? 19U : 0U);
}

// Every packet is cut at every byte: whole it is judged, one byte short it is malformed.
TEST_F(UplinkTest, CallsAPacketThatIsCutShortMalformed) {
  const std::vector<Bytes> packets = {
      from_world().syn(1000, 443),
      from_world().udp(1000, 443, Bytes(4, 7)),
      from_world().sctp(1000, 443),
      from_world().icmpv6(128),
      from_world()
          .extension(kHopByHop)
          .extension(kRouting, 2)
          .authentication()
          .extension(kDestinationOptions)
          .syn(1, 443),
      from_world().fragment(0, true).udp(2, 443),
      from_world().raw(50, Bytes(9, 1)),
  };
  for (const Bytes& packet : packets) {
    for (std::size_t length = 40; length < packet.size(); ++length) {
      expect_fate(Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(length)), PacketFate::kMalformed,
                  std::to_string(length) + " of " + std::to_string(packet.size()));
    }
    expect_fate(packet, PacketFate::kJudged);
  }
  std::uint64_t booked = 0;
  for (const AttemptCount& attempt : attempts()) booked += attempt.packets;
  EXPECT_EQ(booked, packets.size()) << "nothing that was cut short is booked as an attempt";
}

// The frame is long enough (Ethernet pads), but the packet says that it ends before its header does.
TEST_F(UplinkTest, BelievesThePacketsOwnLength) {
  for (std::size_t claimed = 1; claimed < 20; ++claimed) {
    Bytes packet = from_world().syn(1000, 443);
    packet[4] = 0;
    packet[5] = static_cast<std::uint8_t>(claimed);
    expect_fate(packet, PacketFate::kMalformed);
  }
  Bytes padded = from_world().udp(1000, 443);
  padded.resize(padded.size() + 30);
  expect_fate(padded, PacketFate::kJudged);
}

TEST_F(UplinkTest, CallsAnotherIpVersionMalformed) {
  Bytes packet = from_world().syn(1000, 443);
  packet[0] = 0x45;
  expect_fate(packet, PacketFate::kMalformed);
}

TEST_F(UplinkTest, BooksEveryRandomPacketOnceAndLetsItPass) {
  std::mt19937_64 random(20261121);
  std::uint64_t sent = 0;
  for (int i = 0; i < 4000; ++i) {
    Bytes frame = ethernet(from_world().extension(kDestinationOptions).syn(1000, 443));
    frame.resize(14 + random() % 120);
    const std::size_t from = i % 2 == 0 ? 12 : 14 + random() % 60;
    for (std::size_t at = from; at < frame.size(); ++at) frame[at] = static_cast<std::uint8_t>(random());
    if (i % 4 == 0) frame[12] = 0x86, frame[13] = 0xdd, frame.size() > 14 ? frame[14] = 0x60 : 0;
    if (!can_run(frame)) continue;
    arrive_frame(frame);
    ++sent;
  }
  EXPECT_EQ(seen(), sent);
}

}  // namespace
}  // namespace sextant::test
