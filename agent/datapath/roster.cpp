#include "agent/datapath/roster.h"

#include <set>

namespace sextant::datapath {

Roster::Roster(std::uint16_t limit) : limit_(limit) {
  for (std::uint32_t slot = endpoint_slots(limit); slot > 0; --slot)
    free_.push_back(static_cast<std::uint16_t>(slot - 1));
}

std::vector<EndpointRef> Roster::assign(std::span<const EndpointRef> endpoints) {
  const std::set<EndpointRef> staying(endpoints.begin(), endpoints.end());
  for (auto it = seats_.begin(); it != seats_.end();) {
    if (staying.contains(it->first)) {
      ++it;
      continue;
    }
    departed_.push_back({.seat = it->second, .endpoint = it->first});
    it = seats_.erase(it);
  }
  std::vector<EndpointRef> left_out;
  for (const EndpointRef& endpoint : staying) {
    if (seats_.contains(endpoint)) continue;
    if (seats_.size() >= limit_ || free_.empty()) {
      left_out.push_back(endpoint);
      continue;
    }
    const Seat seat{.id = next_id_++, .slot = free_.back()};
    free_.pop_back();
    seats_.emplace(endpoint, seat);
    names_.emplace(seat.id, endpoint);
  }
  return left_out;
}

const Seat* Roster::find(const EndpointRef& endpoint) const {
  const auto it = seats_.find(endpoint);
  return it == seats_.end() ? nullptr : &it->second;
}

const EndpointRef* Roster::find(std::uint32_t id) const {
  const auto it = names_.find(id);
  return it == names_.end() ? nullptr : &it->second;
}

void Roster::release() {
  for (const Departed& gone : departed_) {
    free_.push_back(gone.seat.slot);
    names_.erase(gone.seat.id);
  }
  departed_.clear();
}

}  // namespace sextant::datapath
