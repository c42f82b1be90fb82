// The heavy source prefixes in the uplink program's sketch (bpf/attempts.h): each CPU's part read and merged.
//
// Merging keeps the bound of each part: where a CPU's part does not hold a key, its set's least count is what the key
// may have had there at most (Agarwal et al. 2012, "Mergeable summaries"). Thread: pure, but for SourceSketch, which is
// as the caller's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "agent/base/result.h"
#include "agent/datapath/roster.h"
#include "agent/model/observation.h"
#include "bpf/books.h"

namespace sextant::datapath {

struct HeavySource {
  std::uint64_t prefix = 0;  // first half of the address
  std::uint64_t key = 0;     // attempt_key()
  std::uint64_t estimate = 0;
  std::uint64_t error = 0;  // estimate - error <= true count <= estimate
};

// `sets`: one table's, CPU by CPU, SKETCH_SETS each. The heaviest first.
std::vector<HeavySource> merge_sketch(std::span<const sketch_set> sets);

// Whether at least half of the estimate is certain. In a flood every set is full of sources that came once and
// inherited the count of the one before: of them the sketch knows nothing but that they are not heavier than its error.
bool is_told(const HeavySource& source);

class SourceSketch {
 public:
  static constexpr std::size_t kHeaviest = 1024;  // told, of each prefix length

  // `map` is `source_sketch`, and stays the caller's.
  SourceSketch(int map, std::uint32_t cpus) : map_(map), cpus_(cpus) {}

  // The heaviest of each length of which is_told(). A set that changes while it is read may tell one wrong line.
  Result<std::vector<SourceCount>> list(const Roster& roster) const;

 private:
  int map_;
  std::uint32_t cpus_;
};

}  // namespace sextant::datapath
