// The rows that delivery and death fill in the kernel, as values of the model.
//
// Owns the maps that both programs share: `disagreeing` and `agreeing` rows, `strays`, and `replies` (which flows began
// here). Rows that agree have a map of their own so that a scan of closed ports, however wide, cannot displace a
// disagreement. What does not fit is counted by the program that wanted to write it.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "agent/datapath/cgroups.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/kernel_clock.h"
#include "agent/model/observation.h"
#include "bpf/rows.h"

struct bpf_object;

namespace sextant::datapath {

struct RowsConfig {
  std::uint32_t rows = 8'192;  // of each of the two maps
  std::uint32_t strays = 1'024;
  std::chrono::nanoseconds keep_agreeing = std::chrono::minutes(10);  // a row without a packet for so long is dropped
  std::chrono::nanoseconds keep_disagreeing = std::chrono::hours(1);  // strays too
};

// What the kernel's numbers mean. Every function must be set.
struct RowNames {
  std::function<std::optional<EndpointRef>(std::uint32_t id)> endpoint{};  // table_endpoint's id; nullopt: gone
  std::function<std::string(std::uint32_t reason)> reason{};
  std::function<const Cgroup*(std::uint64_t id)> cgroup{};  // null: not known
};

class Rows {
 public:
  // Makes the maps. Needs CAP_BPF.
  static Result<Rows> create(const RowsConfig& config);

  // Makes the object's maps of the same names these; before the object is loaded.
  Result<> lend_to(bpf_object& object) const;

  // Every row, both maps merged, of endpoints that still are.
  Result<std::vector<RowObservation>> read(const RowNames& names) const;
  // nullopt: the row, or its endpoint, is gone.
  std::optional<RowObservation> find(const row_key& key, const RowNames& names) const;
  std::optional<StrayDelivery> find(const stray_key& key, const RowNames& names) const;

  // Deletes rows and strays that have been quiet for their time, and looks whether the clock was set. A row in both
  // maps goes from both at once: what is merged never shrinks. To be called every minute or so.
  Result<> sweep();

  std::vector<Datapath::MapUse> use() const;

 private:
  Rows(const RowsConfig& config, UniqueFd disagreeing, UniqueFd agreeing, UniqueFd strays, UniqueFd replies);

  std::optional<RowObservation> to_observation(const row_key& key, const row_value& value, const RowNames& names) const;

  RowsConfig config_;
  UniqueFd disagreeing_;
  UniqueFd agreeing_;
  UniqueFd strays_;
  UniqueFd replies_;
  KernelClock clock_{};
};

// Two records of the same row as one. Not commutative only in what cannot be told: equal times take `a`.
row_value merged(const row_value& a, const row_value& b);

}  // namespace sextant::datapath
