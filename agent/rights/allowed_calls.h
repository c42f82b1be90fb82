// What the filter lets through: calls as such, and calls with certain arguments.
#pragma once

#include <span>
#include <vector>

#include <seccomp.h>

namespace sextant::rights {

// Whatever their arguments are.
std::span<const int> allowed_calls();

// Only if all comparisons hold; of several rules for one call, one is enough.
struct Rule {
  int call = 0;
  std::vector<scmp_arg_cmp> arguments{};
};
std::vector<Rule> allowed_with_arguments();

}  // namespace sextant::rights
