#include "agent/base/json_number.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(JsonReal, IsTheNearestDouble) {
  EXPECT_EQ(json_real("0.1").value(), 0.1);
  EXPECT_EQ(json_real("-12.5e-1").value(), -1.25);
  EXPECT_EQ(json_real("1.7976931348623157e308").value(), std::numeric_limits<double>::max());
  EXPECT_EQ(json_real("4.9e-324").value(), std::numeric_limits<double>::denorm_min());
}

TEST(JsonReal, ZeroTimesAnythingIsZeroAndSoIsWhatIsTooSmall) {
  EXPECT_EQ(json_real("0e999999999999410").value(), 0.0);
  EXPECT_EQ(json_real("1e-999").value(), 0.0);
  EXPECT_TRUE(std::signbit(json_real("-0.0").value()));
}

TEST(JsonReal, RefusesWhatIsTooLarge) {
  EXPECT_EQ(json_real("1e309").error().what, "the number '1e309' is too large");
  EXPECT_FALSE(json_real("-1e309"));
}

}  // namespace
}  // namespace sextant
