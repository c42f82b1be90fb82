// Metrics: /metrics, collected when it is scraped, from the Backend and the server's own counters.
//
// Bounded: a family holds at most so many series; what is beyond is left out and counted in
// sextant_series_dropped_total. No label ever holds the address of a source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "agent/report/attempt_series.h"
#include "agent/report/backend.h"
#include "agent/report/counters.h"

namespace sextant::report {

enum class Exposition : std::uint8_t { kText, kOpenMetrics };  // Prometheus text 0.0.4, OpenMetrics 1.0.0

class Metrics {
 public:
  // Both must outlive it.
  Metrics(const Backend& backend, const ServerCounters& server, std::size_t max_series);

  std::string render(Exposition exposition);
  // What render() writes.
  std::vector<prometheus::MetricFamily> collect();

 private:
  const Backend& backend_;
  const ServerCounters& server_;
  std::size_t max_series_;
  AttemptSeries attempts_;
  std::uint64_t dropped_ = 0;
};

// The families as OpenMetrics 1.0.0, which prometheus-cpp does not write.
std::string to_openmetrics(const std::vector<prometheus::MetricFamily>& families);

}  // namespace sextant::report
