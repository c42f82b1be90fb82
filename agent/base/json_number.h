// A number of JSON that is no 64-bit integer.
#pragma once

#include <string>

#include "agent/base/result.h"

namespace sextant {

// The nearest double, as Go's encoding/json reads it: too small is 0, too large an error. `number` is what a parser of
// JSON took for one. (Boost.JSON's own value is not exact, and "0e999" is no number to it.)
Result<double> json_real(const std::string& number);

}  // namespace sextant
