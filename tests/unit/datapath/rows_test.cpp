#include "agent/datapath/rows.h"

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

row_value dropped_then() {
  row_value row{};
  row.dropped = 3;
  row.first_ns = 100;
  row.last_dropped_ns = 300;
  row.told_ns = 300;
  row.drop_reason = 12;
  row.intended = 2;
  row.sample[15] = 1;
  return row;
}

row_value delivered_before() {
  row_value row{};
  row.delivered = 5;
  row.refused = 1;
  row.first_ns = 50;
  row.last_delivered_ns = 90;
  row.told_ns = 60;
  row.cgroup = 77;
  row.intended = 1;
  row.sample[15] = 2;
  return row;
}

TEST(MergedRows, AddCountsAndKeepTheOutermostTimes) {
  const auto row = merged(dropped_then(), delivered_before());
  EXPECT_EQ(row.dropped, 3U);
  EXPECT_EQ(row.delivered, 5U);
  EXPECT_EQ(row.refused, 1U);
  EXPECT_EQ(row.first_ns, 50U);
  EXPECT_EQ(row.last_dropped_ns, 300U);
  EXPECT_EQ(row.last_delivered_ns, 90U);
}

TEST(MergedRows, TakeEachFactFromTheLaterPacketThatHasIt) {
  for (const auto& row : {merged(dropped_then(), delivered_before()), merged(delivered_before(), dropped_then())}) {
    EXPECT_EQ(row.intended, 2);
    EXPECT_EQ(row.drop_reason, 12U);
    EXPECT_EQ(row.cgroup, 77U);
    EXPECT_EQ(row.sample[15], 1);
  }
}

TEST(MergedRows, ANewRowHasNoFirstTimeYet) {
  row_value fresh{};
  EXPECT_EQ(merged(fresh, delivered_before()).first_ns, 50U);
  EXPECT_EQ(merged(delivered_before(), fresh).first_ns, 50U);
}

}  // namespace
}  // namespace sextant::datapath
