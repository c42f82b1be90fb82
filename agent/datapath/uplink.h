// The uplink programs of bpf/uplink.bpf.c, loaded; uplinks.h attaches them.
//
// Owns the programs and their books.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "agent/datapath/attempts.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/shared_maps.h"
#include "agent/datapath/source_sketch.h"
#include "bpf/books.h"

struct uplink_bpf;

namespace sextant::datapath {

// A flow without a handshake that was silent for longer is a new one; as Linux's conntrack has it for UDP.
inline constexpr std::chrono::seconds kFlowIdle{30};

void free_uplink(uplink_bpf* skeleton) noexcept;

class Uplink {
 public:
  // Loads the programs, attaches nothing. Needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
  static Result<Uplink> load(const Sizes& sizes, const Lend& lend);

  // For links whose packets begin with an Ethernet header, and for those whose packets begin with the IP header.
  int program_fd(bool has_ethernet) const;

  // By slot (table_uplink), summed over CPUs.
  Result<std::vector<uplink_counts>> counts() const;

  AttemptMaps attempt_maps() const;  // valid while this lives; moving it does no harm
  SourceSketch source_sketch() const;

  std::vector<Datapath::MapUse> map_use() const;
  std::vector<Datapath::ProgramUse> program_use() const;

 private:
  using Skeleton = CPtr<uplink_bpf, free_uplink>;
  Uplink(Skeleton skeleton, const Sizes& sizes, std::uint32_t cpus);

  Skeleton skeleton_;
  std::uint32_t endpoints_;
  std::uint32_t attempts_;
  std::uint32_t cpus_;
};

}  // namespace sextant::datapath
