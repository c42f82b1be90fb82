// AttemptSeries: sextant_ingress_attempts_total per workload, from counts per endpoint.
//
// An endpoint's count vanishes with the endpoint; a counter must not fall. So each series is the sum of what its rows
// grew by, and outlives them. What a row grew by between the last scrape and its end is not seen.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/model/observation.h"

namespace sextant::report {

class AttemptSeries {
 public:
  struct Key {
    std::string ns{};
    std::string workload{};  // "StatefulSet/db"; "Pod/db" when nothing owns the endpoint
    std::string protocol{};
    std::string port{};  // empty: further ports
    std::string verdict{};
    auto operator<=>(const Key&) const = default;
  };

  explicit AttemptSeries(std::size_t max_series) : max_series_(max_series) {}

  // Takes in a picture of all rows. Returns how many rows found no place: at the limit, series without a row make room
  // first; a row that still finds none is left out.
  std::size_t update(const std::vector<AttemptCount>& rows,
                     const std::function<std::string(const EndpointRef&)>& workload_of);

  const std::map<Key, std::uint64_t>& totals() const { return totals_; }

 private:
  struct Row {
    EndpointRef endpoint{};
    Protocol protocol = Protocol::kTcp;
    std::uint16_t port = 0;
    bool port_known = true;
    Verdict verdict = Verdict::kUnknown;
    auto operator<=>(const Row&) const = default;
  };
  struct Seen {
    Key series{};
    std::uint64_t packets = 0;
  };

  void make_room(const std::map<Row, Seen>& live);

  std::size_t max_series_;
  std::map<Key, std::uint64_t> totals_{};
  std::map<Row, Seen> last_{};
};

}  // namespace sextant::report
