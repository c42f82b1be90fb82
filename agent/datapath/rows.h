// The rows that delivery and death fill in the kernel, as values of the model.
//
// Owns the maps that both programs share: `disagreeing` and `agreeing` rows, and `strays`. Agreement has a map of its
// own so that a scan of closed ports, however wide, cannot displace a disagreement. What does not fit is counted by the
// program that wanted to write it.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/datapath/cgroups.h"
#include "agent/model/observation.h"
#include "bpf/rows.h"

struct bpf_object;

namespace sextant::datapath {

struct RowsConfig {
  std::uint32_t rows = 8'192;    // of each of the two maps
  std::uint32_t strays = 1'024;
  std::chrono::minutes keep_agreeing{10};     // a row without a packet for this long is dropped
  std::chrono::minutes keep_disagreeing{60};
};

// What the kernel's numbers mean. Every function must be set. `endpoint`: table_endpoint's id; nullopt: no longer there.
struct RowNames {
  std::function<std::optional<EndpointRef>(std::uint32_t endpoint)> endpoint{};
  std::function<std::string(std::uint32_t reason)> reason{};
  std::function<const Cgroup*(std::uint64_t id)> cgroup{};
};

class Rows {
 public:
  // Makes the maps. Needs CAP_BPF.
  static Result<Rows> create(const RowsConfig& config);

  // Makes the object's maps of the same names these; before the object is loaded.
  Result<> lend_to(bpf_object& object) const;

  // Every row, both maps merged, of endpoints that still are. A row's counts never shrink while it lives.
  Result<std::vector<RowObservation>> read(const RowNames& names) const;
  // The row, or nullopt when it is gone or its endpoint is.
  std::optional<RowObservation> find(const row_key& key, const RowNames& names) const;
  std::optional<StrayDelivery> find(const stray_key& key, const RowNames& names) const;

  // Deletes rows and strays without a packet for their time. To be called now and then.
  Result<> sweep();
  struct Use {
    std::string map{};
    std::uint64_t entries = 0;
    std::uint64_t capacity = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<Use> use() const;

 private:
  Rows(const RowsConfig& config, UniqueFd disagreeing, UniqueFd agreeing, UniqueFd strays);

  RowsConfig config_;
  UniqueFd disagreeing_;
  UniqueFd agreeing_;
  UniqueFd strays_;
};

}  // namespace sextant::datapath
