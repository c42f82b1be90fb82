#include "agent/app/cli/cluster/merge.h"

#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

v1alpha1::AttemptList attempts(std::uint64_t packets) {
  v1alpha1::AttemptList list;
  list.add_attempts()->set_packets(packets);
  list.add_sources()->set_estimate(packets);
  return list;
}

TEST(Merge, EachElementSaysWhichNodeItIsOf) {
  v1alpha1::ExposureList exposure;
  exposure.add_exposure();
  v1alpha1::ExposureList both;
  merge(both, exposure, "n1");
  merge(both, exposure, "n2");
  ASSERT_EQ(both.exposure_size(), 2);
  EXPECT_EQ(both.exposure(0).node(), "n1");
  EXPECT_EQ(both.exposure(1).node(), "n2");

  v1alpha1::EndpointRowList rows;
  rows.add_endpoints();
  v1alpha1::EndpointRowList all_rows;
  merge(all_rows, rows, "n1");
  EXPECT_EQ(all_rows.endpoints(0).node(), "n1");

  v1alpha1::FindingList findings;
  findings.add_findings();
  v1alpha1::FindingList all_findings;
  merge(all_findings, findings, "n1");
  EXPECT_EQ(all_findings.findings(0).node(), "n1");

  v1alpha1::ClusterStatus cluster;
  merge(cluster, v1alpha1::Status(), "n1");
  EXPECT_EQ(cluster.nodes(0).node(), "n1");
}

TEST(Cut, LeavesThoseWithMostPacketsWhicheverNodeTheyAreOf) {
  v1alpha1::AttemptList all;
  merge(all, attempts(5), "n1");
  merge(all, attempts(9), "n2");
  merge(all, attempts(7), "n3");
  cut(all, 2);
  ASSERT_EQ(all.attempts_size(), 2);
  EXPECT_EQ(all.attempts(0).node(), "n2");
  EXPECT_EQ(all.attempts(1).node(), "n3");
  ASSERT_EQ(all.sources_size(), 2);
  EXPECT_EQ(all.sources(0).estimate(), 9U);
}

TEST(Cut, ZeroLeavesAll) {
  v1alpha1::AttemptList all;
  merge(all, attempts(5), "n1");
  merge(all, attempts(9), "n2");
  cut(all, 0);
  EXPECT_EQ(all.attempts_size(), 2);
  EXPECT_EQ(all.attempts(0).packets(), 9U);
}

}  // namespace
}  // namespace sextant::app::cli
