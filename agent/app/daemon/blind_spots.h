// What Sextant should see and cannot, collected part by part: each part replaces its own list, the auditor gets the
// union.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/model/finding.h"

namespace sextant::app {

class BlindSpots {
 public:
  // Replaces the spots of one part; true when something changed.
  bool set(const std::string& part, std::vector<BlindSpot> spots);
  std::vector<BlindSpot> all() const;  // sorted by `what`

 private:
  std::map<std::string, std::vector<BlindSpot>> of_part_{};
};

// The counters of lost events and rows only grow: a program is blind while one of them grew within `hold`.
class LossWatch {
 public:
  explicit LossWatch(Duration hold) : hold_(hold) {}
  // `total` is the counter's present value. Returns how much was lost since the loss began; 0 when nothing within hold.
  std::uint64_t update(const std::string& counter, std::uint64_t total, Time now);

 private:
  struct Seen {
    std::uint64_t total = 0;
    std::uint64_t before = 0;  // the value when the loss began
    Time grew{};
    bool losing = false;
  };
  Duration hold_;
  std::map<std::string, Seen> seen_{};
};

}  // namespace sextant::app
