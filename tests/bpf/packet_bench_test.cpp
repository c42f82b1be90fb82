// The benchmark's cases on the real kernel: they measure what they are called. Times are not judged.
#include "agent/datapath/packet_bench.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "bpf/books.h"

namespace sextant::test {
namespace {

using namespace datapath;

constexpr std::uint32_t kTimes = 200, kWarmingTimes = 1'000;

class PacketBench : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  static BenchPrograms programs(std::uint32_t prefixes) {
    auto loaded = BenchPrograms::load({});
    EXPECT_TRUE(loaded) << loaded.error().what;
    const auto set = loaded->set_intent(bench_intent(prefixes));
    EXPECT_TRUE(set) << set.error().what;
    return std::move(*loaded);
  }

  static PacketCase find(BenchHook hook, const std::string& name) {
    for (auto& each : bench_cases()) {
      if (each.packet.hook == hook && each.name == name) return each;
    }
    ADD_FAILURE() << "no case '" << name << "'";
    return {};
  }

  // Some of several flows without a handshake have one place in the cache; some of random ones are there by chance.
  static bool may_displace(const PacketCase& each) {
    return each.name.starts_with("UDP") && each.packet.variation != Variation{};
  }

  static std::uint64_t entries(const BenchPrograms& programs, const std::string& map) {
    const auto uses = programs.map_use();
    const auto use = std::ranges::find(uses, map, &Datapath::MapUse::map);
    EXPECT_NE(use, uses.end()) << map;
    return use == uses.end() ? 0 : use->entries;
  }
};

TEST_F(PacketBench, NamesItsCasesOnce) {
  std::set<std::pair<BenchHook, std::string>> names;
  for (const auto& each : bench_cases()) EXPECT_TRUE(names.emplace(each.packet.hook, each.name).second) << each.name;
}

TEST_F(PacketBench, EveryCaseEndsInTheFateThatItIsCalledBy) {
  const BenchPrograms bench = programs(16);
  const std::map<std::string, int> fates{{"not IPv6", FATE_NOT_IPV6},
                                         {"to no known endpoint", FATE_OTHER_DESTINATION},
                                         {"established TCP", FATE_ESTABLISHED},
                                         {"UDP, flow seen before", FATE_KNOWN_FLOW},
                                         {"UDP, 256 flows seen before", FATE_KNOWN_FLOW},
                                         {"ICMPv6 echo request, seen before", FATE_KNOWN_FLOW},
                                         {"later fragment", FATE_LATER_FRAGMENT}};
  for (const auto& each : bench_cases()) {
    if (each.packet.hook != BenchHook::kUplink) continue;
    ASSERT_TRUE(bench.run(BenchPrograms::Run::kProgram, each.packet, kWarmingTimes)) << each.name;
    const auto before = bench.fates().value();
    ASSERT_TRUE(bench.run(BenchPrograms::Run::kProgram, each.packet, kTimes)) << each.name;
    const auto wanted = static_cast<std::size_t>(fates.contains(each.name) ? fates.at(each.name) : FATE_JUDGED);
    const std::uint64_t took_it = bench.fates().value().at(wanted) - before.at(wanted);
    EXPECT_LE(took_it, kTimes) << each.name;
    EXPECT_GE(took_it, may_displace(each) ? kTimes * 9 / 10 : kTimes) << each.name;
  }
}

TEST_F(PacketBench, WhatIsDeliveredOrDropsForAPodMakesARowAndNothingElseDoes) {
  const BenchPrograms bench = programs(16);
  const auto rows = [&] { return entries(bench, "agreeing") + entries(bench, "disagreeing"); };
  for (const auto& each : bench_cases()) {
    if (each.packet.hook == BenchHook::kUplink) continue;
    ASSERT_EQ(bench.missing(each.packet.hook), "");
    const std::uint64_t before = rows();
    ASSERT_TRUE(bench.run(BenchPrograms::Run::kProgram, each.packet, kTimes)) << each.name;
    if (each.goal > 0) {
      EXPECT_EQ(rows(), before) << each.name;
    }
  }
  EXPECT_EQ(rows(), 3U) << "the SYN dropped, the SYN delivered, and the datagram";
}

TEST_F(PacketBench, VariesWhatItSaysItVaries) {
  const BenchPrograms bench = programs(16);
  const auto anyone = find(BenchHook::kUplink, "TCP SYN, new sources");
  ASSERT_TRUE(bench.run(BenchPrograms::Run::kProgram, anyone.packet, 5'000));
  EXPECT_GT(entries(bench, "attempts"), 100U) << "pods that were tried";
}

TEST_F(PacketBench, MeasuresEveryCaseAtTheMostPrefixes) {
  const BenchPrograms bench = programs(kMostPrefixes);
  const Effort effort{.rounds = 3, .round = std::chrono::microseconds(10)};
  for (const auto& each : bench_cases()) {
    const auto cost = measure(bench, each.packet, effort);
    EXPECT_TRUE(cost) << each.name << ": " << cost.error().what;
  }
  EXPECT_GT(measure_nothing(bench, effort).value().median, 0);
}

TEST_F(PacketBench, NamesAsManyPrefixesAsItIsAskedFor) {
  for (const std::uint32_t prefixes : {1U, kMostPrefixes}) {
    const KernelIntent intent = bench_intent(prefixes);
    EXPECT_EQ(intent.sources.size(), 3 + 2 * std::size_t{prefixes});
    EXPECT_TRUE(std::ranges::is_sorted(intent.sources, {}, [](const auto& each) { return each.first; }));
  }
}

TEST_F(PacketBench, SaysWhetherProgramsAreCompiled) {
  std::ifstream jit("/proc/sys/net/core/bpf_jit_enable");
  int enabled = 0;
  if (!(jit >> enabled)) GTEST_SKIP() << "the kernel does not say";
  EXPECT_EQ(programs(16).is_compiled(), enabled != 0);
}

}  // namespace
}  // namespace sextant::test
