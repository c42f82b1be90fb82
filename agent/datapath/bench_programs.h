// The programs under bpf/ as a benchmark runs them: loaded with their maps, not attached, one packet many times
// (BPF_PROG_TEST_RUN).
//
// Owns programs and maps. What a hook's real packets have and a synthetic one has not: an skb of the driver's, and at
// delivery a socket that knows its protocol, so that what ends at the socket in reality is parsed here.
// Thread: as the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/datapath/datapath.h"
#include "agent/model/intent.h"
#include "bpf/bench.h"

namespace sextant::datapath {

// Which program sees the packet.
enum class BenchHook : std::uint8_t { kUplink, kDelivery, kDeath };

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

// What is sent, and to which hook. Only the uplink's packets can vary.
struct BenchPacket {
  BenchHook hook = BenchHook::kUplink;
  std::vector<std::uint8_t> frame{};  // with an Ethernet header
  Variation variation{};
};

// The packets that differ so, as bpf/bench.bpf.c makes them. `random_state`: not 0; goes on from run to run, so that
// none meets what another one has made known.
bench_variation to_kernel(const Variation& variation, std::uint64_t random_state);

// Runs a program over a packet, not attached: nanoseconds of this thread's CPU time for each.
Result<double> run_often(int program, const std::vector<std::uint8_t>& frame, std::uint32_t times);

class BenchPrograms {
 public:
  // Errors when the uplink's programs cannot be loaded; the other hooks may be missing. Needs CAP_BPF, CAP_NET_ADMIN
  // and CAP_PERFMON, as the daemon does.
  static Result<BenchPrograms> load(const Sizes& sizes);
  BenchPrograms(BenchPrograms&&) noexcept;
  ~BenchPrograms();

  // Errors also when the intent does not fit.
  Result<> set_intent(const KernelIntent& intent);

  // Why the hook's program is not there; empty: it is.
  const std::string& missing(BenchHook hook) const;

  // Nanoseconds a packet, of a hook that is not missing: the program, or one that does nothing, all else being equal.
  enum class Run : std::uint8_t { kProgram, kNothing };
  Result<double> run(Run what, const BenchPacket& packet, std::uint32_t times) const;

  // Packets that the uplink's program has booked, by FATE_* of bpf/books.h.
  Result<std::vector<std::uint64_t>> fates() const;

  std::vector<Datapath::MapUse> map_use() const;
  // Compiled to the machine's code; else the kernel interprets it.
  bool is_compiled() const;

 private:
  struct State;
  explicit BenchPrograms(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::datapath
