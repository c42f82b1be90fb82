// Intent to kernel tables: endpoints, source ranges, and what each policy says of each class, shared where equal.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "agent/policy/engine_state.h"

namespace sextant::policy {

// Remembers what it made of rows, so that a change costs what has changed. What it gives may hold policies and port
// maps that no endpoint uses any more, never more than twice as many as are used, and a few.
class KernelCompiler {
 public:
  KernelIntent compile(const Engine& engine, const World& world, const Classes& classes);
  void forget();

 private:
  // Policies by what they say of each class, in the order of the classes.
  using Maps = std::vector<std::uint32_t>;
  struct Known {
    SharedRows rows{};  // kept, so that no others are taken for them
    std::uint32_t policy = 0;
  };

  void begin(const Classes& classes);
  void add(const EndpointIntent& intent, std::vector<IpAddress> addresses);
  std::uint32_t policy_of(const SharedRows& rows);
  std::uint32_t map_of(const IntentRow& row);
  KernelPolicy make_policy(const Maps& maps) const;
  KernelIntent take();

  KernelIntent result_{};
  std::vector<ClassId> classes_{};
  std::vector<std::uint32_t> by_id_{};  // indices into classes_, by ascending id
  std::vector<PortMap> port_maps_{};
  std::map<PortMap, std::uint32_t> map_ids_{};
  std::map<Maps, std::uint32_t> policy_ids_{};
  std::vector<const Maps*> policies_{};  // by id; into the map, whose keys stay where they are
  std::unordered_map<const void*, Known> by_rows_{};
  std::unordered_map<const void*, std::uint32_t> by_cells_{};  // during one compile: its intents hold the cells
};

}  // namespace sextant::policy
