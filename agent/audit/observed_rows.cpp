#include "agent/audit/observed_rows.h"

#include <algorithm>
#include <utility>

#include "agent/audit/drop_reasons.h"

namespace sextant::audit {
namespace {

Time last_packet(const RowObservation& row) { return std::max(row.last_delivered, row.last_dropped); }

// A row that idled and was made anew begins at least this long after its predecessor's last packet. Not zero: times are
// converted from the kernel's monotonic clock at each reading, and differ a little.
constexpr std::chrono::seconds kMadeAnew{1};

// Picture and events come by different ways: an event may be older than what a picture already told.
// False when `news` tells nothing new.
bool update(ObservedRow& row, const RowObservation& news) {
  const RowObservation& known = row.seen;
  const bool fewer = news.delivered < known.delivered || news.dropped < known.dropped;
  const bool made_anew =
      fewer ? last_packet(news) > last_packet(known) : news.first_seen > last_packet(known) + kMadeAnew;
  if (made_anew) {
    row = ObservedRow{.seen = news};
    return true;
  }
  if (fewer || (news.delivered == known.delivered && news.dropped == known.dropped)) return false;
  row.seen = news;
  row.fresh = true;
  return true;
}

}  // namespace

bool newest_delivered(const RowObservation& row) { return row.delivered > 0 && row.last_delivered >= row.last_dropped; }

bool newest_dropped(const RowObservation& row) { return row.dropped > 0 && row.last_dropped > row.last_delivered; }

bool newest_refused(const RowObservation& row) {
  return newest_dropped(row) && nature_of(row.drop_reason) == DropNature::kWall;
}

bool ObservedRows::replace(const std::vector<RowObservation>& picture) {
  std::map<RowKey, ObservedRow> next;
  bool changed = false;
  for (const RowObservation& row : picture) {
    if (auto known = rows_.extract(row.key)) next.insert(std::move(known));
    // A key may come twice: reading a hash map that changes meanwhile can begin anew.
    const auto [entry, is_new] = next.try_emplace(row.key, ObservedRow{.seen = row});
    changed |= is_new || update(entry->second, row);
  }
  changed |= !rows_.empty();
  rows_ = std::move(next);
  return changed;
}

void ObservedRows::merge(const RowObservation& row) {
  const auto [known, is_new] = rows_.try_emplace(row.key, ObservedRow{.seen = row});
  if (!is_new) update(known->second, row);
}

void ObservedRows::judged(const RowKey& key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return;
  row->second.judged_delivered = row->second.seen.delivered;
  row->second.judged_dropped = row->second.seen.dropped;
  row->second.fresh = false;
}

std::vector<const RowObservation*> ObservedRows::of(const EndpointRef& endpoint) const {
  std::vector<const RowObservation*> found;
  auto row = rows_.lower_bound(RowKey{.endpoint = endpoint, .protocol = Protocol::kAny, .port = 0, .source = 0});
  for (; row != rows_.end() && row->first.endpoint == endpoint; ++row) found.push_back(&row->second.seen);
  return found;
}

std::vector<const RowObservation*> ObservedRows::at(const EndpointRef& endpoint, Protocol protocol,
                                                    std::uint16_t port) const {
  std::vector<const RowObservation*> found;
  auto row = rows_.lower_bound(RowKey{.endpoint = endpoint, .protocol = protocol, .port = port, .source = 0});
  for (; row != rows_.end(); ++row) {
    const RowKey& key = row->first;
    if (key.endpoint != endpoint || key.protocol != protocol || key.port != port) break;
    found.push_back(&row->second.seen);
  }
  return found;
}

}  // namespace sextant::audit
