// Which endpoint a number of the kernel's tables means.
//
// Each endpoint has an id, never used again in the life of the process, and a slot, small and dense, which is used
// again once nothing in the kernel can still be written under it. An endpoint that leaves keeps both until release().
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

// Slots for so many endpoints: twice, so that all of them can be replaced at once while those that leave keep theirs.
constexpr std::uint32_t endpoint_slots(std::uint32_t endpoints) { return 2 * endpoints; }

class Roster {
 public:
  // `limit`: endpoints at a time, at most 32,767.
  explicit Roster(std::uint16_t limit);

  // Makes these the endpoints. Those that were here keep their seats; those no longer named leave. Returns the
  // endpoints that are beyond the limit. With a release() between any two calls, no more are left out than are beyond
  // it.
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

 private:
  std::size_t limit_;
  std::uint32_t next_id_ = 1;
  std::vector<std::uint16_t> free_{};
  std::map<EndpointRef, Seat> seats_{};
  std::map<std::uint32_t, EndpointRef> names_{};
  std::vector<Departed> departed_{};
};

}  // namespace sextant::datapath
