// What a benchmark's rounds come to. Pure.
#pragma once

#include <vector>

namespace sextant::datapath {

// Of several rounds, in nanoseconds a packet. A difference below `spread` is noise.
struct Cost {
  double median = 0;
  double spread = 0;  // from the first to the last quarter of the rounds

  bool is_noise() const { return median <= spread; }
  // What it costs at most, as far as the rounds can tell.
  double bound() const { return is_noise() ? spread : median; }
};

// `rounds`: at least one, in any order.
Cost cost_of(std::vector<double> rounds);

// Of one core, when so many packets come a second: 0.25 is a quarter.
double share_of_core(double nanoseconds, double packets_a_second);

}  // namespace sextant::datapath
