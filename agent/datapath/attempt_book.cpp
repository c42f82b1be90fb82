#include "agent/datapath/attempt_book.h"

#include <algorithm>

namespace sextant::datapath {

void AttemptBook::add(Cells& cells, const Key& key, const Count& count) {
  Count& sum = cells[key];
  sum.packets += count.packets;
  sum.last_seen = std::max(sum.last_seen, count.last_seen);
}

void AttemptBook::add(const AttemptCount& count) {
  const Key key{.protocol = count.protocol,
                .any_port = !count.port_known,
                .port = count.port_known ? count.port : std::uint16_t{0},
                .verdict = count.verdict};
  add(endpoints_[count.endpoint], key, {.packets = count.packets, .last_seen = count.last_seen});
}

void AttemptBook::fold(const Present& present) {
  fold_ports();
  forget_gone(present);
}

void AttemptBook::fold_ports() {
  struct Place {
    Cells* cells;
    Cells::iterator cell;
  };
  std::vector<Place> places;
  for (auto& [endpoint, cells] : endpoints_) {
    for (auto it = cells.begin(); it != cells.end(); ++it) {
      if (!it->first.any_port) places.push_back({&cells, it});
    }
  }
  if (places.size() <= limit_) return;
  const auto quietest = places.begin() + static_cast<std::ptrdiff_t>(places.size() - limit_);
  std::ranges::nth_element(places, quietest, {}, [](const Place& place) { return place.cell->second.last_seen; });
  for (auto it = places.begin(); it != quietest; ++it) {
    const auto [key, count] = *it->cell;
    it->cells->erase(it->cell);
    add(*it->cells, {.protocol = key.protocol, .any_port = true, .port = 0, .verdict = key.verdict}, count);
  }
}

void AttemptBook::forget_gone(const Present& present) {
  struct Gone {
    Time last_seen{};
    EndpointRef endpoint{};
  };
  std::vector<Gone> gone;
  for (const auto& [endpoint, cells] : endpoints_) {
    if (present(endpoint)) continue;
    Time last_seen{};
    for (const auto& [key, count] : cells) last_seen = std::max(last_seen, count.last_seen);
    gone.push_back({.last_seen = last_seen, .endpoint = endpoint});
  }
  if (gone.size() <= kGone) return;
  const auto quietest = gone.begin() + static_cast<std::ptrdiff_t>(gone.size() - kGone);
  std::ranges::nth_element(gone, quietest, {}, &Gone::last_seen);
  for (auto it = gone.begin(); it != quietest; ++it) endpoints_.erase(it->endpoint);
}

std::vector<AttemptCount> AttemptBook::list() const {
  std::vector<AttemptCount> list;
  list.reserve(size());
  for (const auto& [endpoint, cells] : endpoints_) {
    for (const auto& [key, count] : cells) {
      list.push_back({.endpoint = endpoint,
                      .protocol = key.protocol,
                      .port = key.port,
                      .port_known = !key.any_port,
                      .verdict = key.verdict,
                      .packets = count.packets,
                      .last_seen = count.last_seen});
    }
  }
  return list;
}

std::size_t AttemptBook::size() const {
  std::size_t size = 0;
  for (const auto& [endpoint, cells] : endpoints_) size += cells.size();
  return size;
}

}  // namespace sextant::datapath
