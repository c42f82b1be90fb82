#include "agent/datapath/attempts.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/bpf/uplink_fixture.h"

namespace sextant::test {
namespace {

class AttemptsTest : public UplinkTest {
 protected:
  static constexpr datapath::Sizes kSmall{
      .endpoints = 8, .source_ranges = 64, .cells = 64, .port_ranges = 256, .attempts = 64};

  PacketBuilder from_world() const { return {kPublic, kEndpoint}; }

  std::uint64_t booked() {
    std::uint64_t packets = 0;
    for (const AttemptCount& attempt : attempts()) packets += attempt.packets;
    return packets;
  }
  AttemptCount attempt(Protocol protocol, std::uint16_t port, bool port_known = true) {
    for (const AttemptCount& one : attempts()) {
      if (one.protocol == protocol && one.port_known == port_known && (one.port == port || !port_known)) return one;
    }
    return {};
  }
  // Until the kernel's cells have been emptied, or not within a second.
  void empty_cells() {
    for (int i = 0; i < 100 && (i < 2 || attempts_->used() > 0); ++i) {
      ASSERT_TRUE(attempts_->tend(tables_->roster()));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
};

TEST_F(AttemptsTest, CountsByEndpointProtocolPortAndVerdict) {
  for (int i = 0; i < 3; ++i) arrive(from_world().syn(1000, 443));
  arrive(from_world().syn(1000, 22));
  arrive(from_world().udp(1000, 443));
  arrive(from_world().icmpv6(128));
  const auto list = attempts();
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(attempt(Protocol::kTcp, 443).packets, 3U);
  EXPECT_EQ(attempt(Protocol::kTcp, 443).verdict, Verdict::kAllow);
  EXPECT_EQ(attempt(Protocol::kTcp, 443).endpoint.to_string(), "shop/db");
  EXPECT_EQ(attempt(Protocol::kTcp, 22).verdict, Verdict::kDeny);
  EXPECT_EQ(attempt(Protocol::kUdp, 443).packets, 1U);
  EXPECT_EQ(attempt(Protocol::kIcmpv6, 128).packets, 1U);
  const auto age = std::chrono::system_clock::now() - attempt(Protocol::kTcp, 443).last_seen;
  EXPECT_LT(age, std::chrono::seconds(5));
  EXPECT_GT(age, std::chrono::seconds(-1));
}

TEST_F(AttemptsTest, BooksNoSourceThatIsNotPublic) {
  arrive(PacketBuilder(kTrustedSource, kEndpoint).syn(1000, 443));
  arrive(PacketBuilder("fd00::1", kEndpoint).syn(1000, 443));
  EXPECT_TRUE(attempts().empty());
}

TEST_F(AttemptsTest, BooksWhatIsBeyondTheLimitWithoutItsPortAndLosesNothing) {
  constexpr std::uint16_t kPorts = 64 + 1;
  for (int round = 0; round < 3; ++round) {
    for (std::uint16_t port = 1; port <= kPorts; ++port) arrive(from_world().syn(1000, port));
  }
  EXPECT_EQ(booked(), 3U * kPorts);
  EXPECT_LE(attempts_->used(), 64U);
  EXPECT_GE(attempts_->rest(), 3U);
  std::size_t known = 0;
  for (const AttemptCount& one : attempts()) {
    if (one.port_known) {
      EXPECT_EQ(one.packets, 3U);
      ++known;
    }
  }
  EXPECT_EQ(known, attempts_->used());
  EXPECT_EQ(attempt(Protocol::kTcp, 0, false).packets, attempts_->rest());
}

// A whole scan over all ports, and the cells emptied meanwhile: the sums are exact at every moment.
TEST_F(AttemptsTest, StaysExactThroughAScanOfAllPortsWhileCellsAreEmptied) {
  std::uint64_t sent = 0;
  for (std::uint32_t port = 1; port <= 65'535; port += 13) {
    arrive(from_world().syn(1000, static_cast<std::uint16_t>(port)));
    ++sent;
    if (sent % 500 == 0) {
      ASSERT_TRUE(attempts_->tend(tables_->roster()));
      EXPECT_EQ(booked(), sent);
    }
  }
  empty_cells();
  EXPECT_EQ(booked(), sent);
  EXPECT_EQ(judged(Verdict::kDeny) + judged(Verdict::kAllow) + judged(Verdict::kRedirect) + judged(Verdict::kUnknown),
            sent);
}

TEST_F(AttemptsTest, HasRoomForNewPortsAfterTheCellsWereEmptied) {
  for (std::uint16_t port = 1; port <= 200; ++port) arrive(from_world().syn(1000, port));
  empty_cells();
  EXPECT_EQ(attempts_->used(), 0U);
  arrive(from_world().syn(1000, 443));
  EXPECT_EQ(attempt(Protocol::kTcp, 443).packets, 1U);
  EXPECT_EQ(booked(), 201U);
}

TEST_F(AttemptsTest, LosesNothingWhenPacketsArriveWhileTheCellsAreEmptied) {
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> sent = 0;
  std::thread sender([&] {
    std::uint16_t port = 0;
    while (!done) {
      const Bytes frame = ethernet(from_world().syn(1000, ++port));
      LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                  .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = 10);
      if (bpf_prog_test_run_opts(uplink_->program_fd(true), &options) == 0) sent += 10;
    }
  });
  // The first flip happens at once; the sender fills the other bank while the first is drained and cleared.
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(attempts_->tend(tables_->roster()));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  done = true;
  sender.join();
  EXPECT_EQ(booked(), sent);
}

TEST_F(AttemptsTest, KeepsTheCountsOfAnEndpointThatLeavesAndComesBack) {
  for (std::uint16_t port = 1; port <= 100; ++port) arrive(from_world().syn(1000, port));
  set_intent({});
  EXPECT_EQ(booked(), 100U);
  set_intent({});  // now its seat is free
  EXPECT_EQ(booked(), 100U);
  set_intent(example_intent(kEndpoint));
  arrive(from_world().syn(1000, 1));
  EXPECT_EQ(booked(), 101U);
  empty_cells();
  EXPECT_EQ(booked(), 101U);
}

TEST_F(AttemptsTest, GivesNoEndpointTheCountsOfWhoHadItsSlotBefore) {
  load({.endpoints = 1, .source_ranges = 64, .cells = 64, .port_ranges = 256, .attempts = 1});
  for (std::uint16_t port = 1; port <= 10; ++port) arrive(from_world().syn(1000, port));
  set_intent({});
  KernelIntent other = example_intent(kEndpoint);
  other.endpoints.front().endpoint.name = "web";
  set_intent(other);  // shop/db's seat was only released by this
  ASSERT_TRUE(left_out_.empty());
  arrive(from_world().syn(1000, 99));
  std::map<std::string, std::uint64_t> sums;
  for (const AttemptCount& one : attempts()) sums[one.endpoint.to_string()] += one.packets;
  EXPECT_EQ(sums, (std::map<std::string, std::uint64_t>{{"shop/db", 10}, {"shop/web", 1}}));
}

TEST_F(AttemptsTest, RollsSourcesUpWithinTheStatedError) {
  std::map<std::uint64_t, std::uint64_t> truth;  // by /48
  std::uint64_t sent = 0;
  const auto send = [&](std::uint64_t high, std::uint64_t low) {
    arrive(PacketBuilder(IpAddress::from_halves(high, low).to_string(), kEndpoint).syn(1000, 22));
    ++truth[high >> 16U];
    ++sent;
  };
  constexpr std::uint64_t kScanner = 0x2600'0001'0002'0000ULL;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    send(0x2a00'0000'0000'0000ULL | (i * 0x9e37'79b9'7f4aULL & 0x0fff'ffff'ffff'ffffULL), i);  // each source new
    if (i % 3 == 0) send(kScanner | (i % 2), i);                                               // one /48, two /64
  }
  const auto sources = uplink_->source_sketch().list(tables_->roster()).value();
  ASSERT_FALSE(sources.empty());
  for (const SourceCount& source : sources) {
    if (source.prefix.length != 48) continue;
    const std::uint64_t actual = truth[source.prefix.address.high() >> 16U];
    EXPECT_LE(source.estimate - source.error, actual) << source.prefix.to_string();
    EXPECT_GE(source.estimate, actual) << source.prefix.to_string();
  }
  EXPECT_EQ(sources.front().prefix.to_string(), "2600:1:2::/48");
  EXPECT_EQ(sources.front().port, 22);
  EXPECT_EQ(sources.front().verdict, Verdict::kDeny);
  EXPECT_EQ(sources.front().endpoint.to_string(), "shop/db");
  const auto of_64 = std::ranges::find_if(sources, [](const SourceCount& one) { return one.prefix.length == 64; });
  ASSERT_NE(of_64, sources.end());
  EXPECT_EQ(of_64->prefix.to_string().substr(0, 8), "2600:1:2");
}

}  // namespace
}  // namespace sextant::test
