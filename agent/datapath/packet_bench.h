// What the programs cost per packet on this kernel, net of one that does nothing on the same hook.
//
// Attaches and pins nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/datapath/bench_cost.h"
#include "agent/datapath/bench_programs.h"
#include "agent/model/intent.h"

namespace sextant::datapath {

struct PacketCase {
  std::string name{};
  BenchPacket packet{};
  double goal = 0;            // ns; 0: none
  bool finds_source = false;  // the number of prefixes that policies name matters
};

// How long to look.
struct Effort {
  int rounds = 25;
  std::chrono::nanoseconds round = std::chrono::milliseconds(10);  // half of it with the program, half without
};

// Rounds of the program and of the one that does nothing take turns, so that a change of the machine's speed meets
// both.
Result<Cost> measure(const BenchPrograms& programs, const BenchPacket& packet, const Effort& effort);

// What a program that does nothing costs at the uplink's hook.
Result<Cost> measure_nothing(const BenchPrograms& programs, const Effort& effort);

inline constexpr std::uint32_t kMostPrefixes = 100'000;  // that bench_intent() takes
inline constexpr std::uint16_t kBenchPods = 250;

// A node's worth of intent: pods below 2001:db8:be:c::/64 (::5 and on), each under a policy of its own that names
// `prefixes` /48s, spread over 2a00::/12, and opens 443 of TCP and UDP, and a port of its own, to all. `prefixes`: 1 to
// kMostPrefixes.
KernelIntent bench_intent(std::uint32_t prefixes);

// The packets of everyday life and of a flood, at bench_intent(). No two of a hook have the same name.
std::vector<PacketCase> bench_cases();

}  // namespace sextant::datapath
