#include "agent/app/daemon/blind_spots.h"

#include <algorithm>

namespace sextant::app {

bool BlindSpots::set(const std::string& part, std::vector<BlindSpot> spots) {
  std::ranges::sort(spots);
  auto& mine = of_part_[part];
  if (mine == spots) return false;
  mine = std::move(spots);
  return true;
}

std::vector<BlindSpot> BlindSpots::all() const {
  std::vector<BlindSpot> all;
  for (const auto& [part, spots] : of_part_) all.insert(all.end(), spots.begin(), spots.end());
  std::ranges::sort(all);
  return all;
}

std::uint64_t LossWatch::update(const std::string& counter, std::uint64_t total, Time now) {
  Seen& seen = seen_[counter];
  if (total > seen.total) {
    if (!seen.losing) seen.before = seen.total;
    seen.losing = true;
    seen.grew = now;
  }
  seen.total = total;
  if (seen.losing && now - seen.grew > hold_) seen.losing = false;
  return seen.losing ? seen.total - seen.before : 0;
}

}  // namespace sextant::app
