#include "agent/base/json_number.h"

#include <cmath>
#include <cstdlib>

#include "agent/base/text.h"

namespace sextant {

Result<double> json_real(const std::string& number) {
  const double value = std::strtod(number.c_str(), nullptr);
  if (!std::isfinite(value)) return failure("the number " + quote(number) + " is too large");
  return value;
}

}  // namespace sextant
