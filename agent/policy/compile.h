// Intent to kernel tables: endpoints, source ranges, and what each policy says of each class, shared where equal.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/policy/engine_state.h"

namespace sextant::policy {

// Remembers what it made of rows, so that a change costs what has changed. What it gives may hold policies and port
// maps that no endpoint uses any more, never more than twice as many policies as are used, and a few.
class KernelCompiler {
 public:
  KernelIntent compile(const Engine& engine, const World& world, const Classes& classes);
  void forget();

 private:
  // What was made of things that many share, by their identity; forgotten when a whole compile did not ask for it.
  template <class Thing, class Made>
  class Remembered {
   public:
    void begin() { earlier_ = std::exchange(now_, {}); }
    void clear() {
      now_.clear();
      earlier_.clear();
    }
    template <class Make>
    const Made& of(const Thing& thing, const Make& make) {
      if (const auto known = now_.find(thing.identity()); known != now_.end()) return known->second.second;
      auto before = earlier_.extract(thing.identity());
      if (!before.empty()) return now_.insert(std::move(before)).position->second.second;
      return now_.try_emplace(thing.identity(), thing, make(thing)).first->second.second;
    }
    // Calls visit for everything that the compile under way, or the last one, asked for.
    template <class Visit>
    void for_each(const Visit& visit) const {
      for (const auto& [identity, entry] : now_) visit(entry.second);
    }

   private:
    // The thing is kept, so that no other is taken for it.
    using Entries = std::unordered_map<const void*, std::pair<Thing, Made>>;
    Entries now_{};
    Entries earlier_{};
  };
  using CellLists = SharedList<SharedCells>;

  void begin(const Classes& classes);
  void add(const EndpointIntent& intent, std::vector<IpAddress> addresses);
  std::uint32_t policy_of(const IntentRows& rows);
  KernelPolicy make_policy(const IntentRows& rows);
  std::uint32_t port_map_of(const SharedCells& cells);
  KernelIntent take();

  KernelIntent result_{};
  std::vector<PortMap> port_maps_{};
  std::map<PortMap, std::uint32_t> port_map_ids_{};
  std::map<KernelPolicy, std::uint32_t> policy_ids_{};
  std::vector<const KernelPolicy*> policies_{};  // by id; into the map, whose keys stay where they are
  Remembered<IntentRows, std::uint32_t> policy_of_rows_{};
  Remembered<CellLists, std::vector<std::uint32_t>> port_maps_of_cells_{};
};

}  // namespace sextant::policy
