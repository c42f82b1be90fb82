#include "agent/base/spelling.h"

#include <string>

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(EditDistance, OfTheSameIsNothing) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("fromCIDR", "fromCIDR"), 0U);
}

TEST(EditDistance, CountsBytesThatAreAddedTakenAwayAndReplaced) {
  EXPECT_EQ(edit_distance("fromCIDRs", "fromCIDR"), 1U);
  EXPECT_EQ(edit_distance("fromCIDR", "fromCIDRSet"), 3U);
  EXPECT_EQ(edit_distance("toPort", "doPort"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ab", "ba"), 2U) << "a swap is two";
}

TEST(EditDistance, OfNothingIsTheOthersLength) {
  EXPECT_EQ(edit_distance("", "ingress"), 7U);
  EXPECT_EQ(edit_distance("ingress", ""), 7U);
}

TEST(EditDistance, IsTheSameEitherWay) {
  for (const auto& [a, b] :
       {std::pair("fromEntities", "fromEntity"), std::pair("ports", "toPorts"), std::pair("x", "")})
    EXPECT_EQ(edit_distance(a, b), edit_distance(b, a)) << a << " " << b;
}

}  // namespace
}  // namespace sextant
