// What the uplink program costs per packet on this kernel: the program itself, not attached, over synthetic packets,
// net of a program that does nothing on the same hook (BPF_PROG_TEST_RUN).
//
// Needs what the daemon needs to load the program: CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/datapath/datapath.h"
#include "agent/model/intent.h"

namespace sextant::datapath {

// Bits of the packet that are drawn at random each time it is sent; all 0: it is the same each time.
struct Variation {
  std::uint64_t source_high = 0;  // fixed bits of the source's first half...
  std::uint64_t source_high_mask = 0;
  std::uint64_t source_low_mask = 0;
  std::uint64_t destination_low = 0;
  std::uint64_t destination_low_mask = 0;
  std::uint16_t source_port = 0;
  std::uint16_t source_port_mask = 0;
  bool operator==(const Variation&) const = default;
};

struct PacketCase {
  std::string name{};
  std::vector<std::uint8_t> frame{};  // with an Ethernet header
  Variation variation{};
  double goal = 0;  // ns; 0: none
};

// Of several rounds, in nanoseconds a packet. A difference below most - least is noise.
struct Cost {
  double median = 0;
  double least = 0;
  double most = 0;
};

class PacketBench {
 public:
  // Loads the programs and makes their maps. Attaches and pins nothing.
  static Result<PacketBench> create(const Sizes& sizes);
  PacketBench(PacketBench&&) noexcept;
  ~PacketBench();

  // Errors also when the intent does not fit.
  Result<> set_intent(const KernelIntent& intent);

  // Rounds of the program and of the empty one take turns, so that a change of the machine's speed meets both.
  Result<Cost> measure(const PacketCase& of, int rounds) const;
  // What an empty program costs on the hook.
  Result<Cost> measure_hook(int rounds) const;

  std::uint64_t map_bytes() const;

 private:
  struct State;
  explicit PacketBench(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A node's worth of intent: 250 pods below 2001:db8:1::/64 (::5 and on) under one policy that names `prefixes` /48s,
// spread over 2a00::/12, and opens 443 of TCP and UDP to all.
KernelIntent bench_intent(std::uint32_t prefixes);

// The packets of everyday life and of a flood, at bench_intent().
std::vector<PacketCase> bench_cases();

}  // namespace sextant::datapath
