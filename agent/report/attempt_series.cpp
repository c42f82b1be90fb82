#include "agent/report/attempt_series.h"

#include <set>

namespace sextant::report {

std::size_t AttemptSeries::update(const std::vector<AttemptCount>& rows,
                                  const std::function<std::string(const EndpointRef&)>& workload_of) {
  std::map<Row, Seen> live;
  for (const AttemptCount& count : rows) {
    const std::string workload = workload_of(count.endpoint);
    Key key{.ns = count.endpoint.ns,
            .workload =
                workload.empty() ? std::string(to_string(count.endpoint.kind)) + '/' + count.endpoint.name : workload,
            .protocol = to_string(count.protocol),
            .port = count.port_known ? std::to_string(count.port) : std::string(),
            .verdict = std::string(to_string(count.verdict))};
    Seen& seen = live[{count.endpoint, count.protocol, count.port_known ? count.port : std::uint16_t{0},
                       count.port_known, count.verdict}];
    seen.series = std::move(key);
    seen.packets += count.packets;
  }
  if (totals_.size() + live.size() > max_series_) make_room(live);

  std::size_t left_out = 0;
  for (const auto& [row, seen] : live) {
    auto series = totals_.find(seen.series);
    if (series == totals_.end()) {
      if (totals_.size() >= max_series_) {
        ++left_out;
        continue;
      }
      series = totals_.emplace(seen.series, 0).first;
    }
    const auto before = last_.find(row);
    // A count that fell is a row that began anew.
    const bool grew = before != last_.end() && before->second.packets <= seen.packets;
    series->second += grew ? seen.packets - before->second.packets : seen.packets;
  }
  last_ = std::move(live);
  return left_out;
}

void AttemptSeries::make_room(const std::map<Row, Seen>& live) {
  std::set<Key> wanted;
  for (const auto& [row, seen] : live) wanted.insert(seen.series);
  std::set<Key> missing;
  for (const Key& key : wanted) {
    if (!totals_.contains(key)) missing.insert(key);
  }
  for (auto series = totals_.begin(); series != totals_.end() && totals_.size() + missing.size() > max_series_;) {
    series = wanted.contains(series->first) ? std::next(series) : totals_.erase(series);
  }
}

}  // namespace sextant::report
