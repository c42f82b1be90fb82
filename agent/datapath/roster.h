// Which endpoint a number of the kernel's tables means.
//
// Each endpoint has an id, never used again in the life of the process, and a slot, small and dense, which is used again
// once nothing in the kernel can still be written under it. An endpoint that leaves keeps both until release().
// Thread: as the caller's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "agent/model/endpoint.h"

namespace sextant::datapath {

struct Seat {
  std::uint32_t id = 0;
  std::uint16_t slot = 0;
};

// Slots for so many endpoints: twice, so that all of them can be replaced at once while those that left keep theirs.
constexpr std::uint32_t endpoint_slots(std::uint32_t endpoints) { return 2 * endpoints; }

class Roster {
 public:
  explicit Roster(std::uint16_t slots);

  // Makes these the endpoints. Those that were here keep their seats; those no longer named leave. Returns the endpoints
  // for which no slot was free.
  std::vector<EndpointRef> assign(std::span<const EndpointRef> endpoints);

  const Seat* find(const EndpointRef& endpoint) const;
  // Also of those that have left and are not released. nullptr: no longer there.
  const EndpointRef* find(std::uint32_t id) const;

  // Those that have left; their kernel state can be read until release().
  struct Departed {
    Seat seat{};
    EndpointRef endpoint{};
  };
  std::span<const Departed> departed() const { return departed_; }
  // Frees their slots and forgets their ids.
  void release();

  const std::map<EndpointRef, Seat>& seats() const { return seats_; }
  std::uint16_t slots() const { return slots_; }

 private:
  std::uint16_t slots_;
  std::uint32_t next_id_ = 1;
  std::vector<std::uint16_t> free_{};
  std::map<EndpointRef, Seat> seats_{};
  std::map<std::uint32_t, EndpointRef> names_{};
  std::vector<Departed> departed_{};
};

}  // namespace sextant::datapath
