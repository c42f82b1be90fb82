#include "agent/app/daemon/cluster_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app {
namespace {

using namespace std::chrono_literals;
using kube::KindState;
using kube::KindStatus;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::chrono::seconds kStale{600};

KindStatus policies(KindState state, std::chrono::milliseconds age, std::string error = {}) {
  return {.resource = "networkpolicies.networking.k8s.io",
          .object_kind = ObjectKind::kNetworkPolicy,
          .state = state,
          .state_for = age,
          .is_complete = true,
          .error = std::move(error),
          .age = age,
          .objects = 3};
}

TEST(ClusterReport, WhatIsSyncedOrAbsentIsWell) {
  KindStatus absent = policies(KindState::kAbsent, 0ms);
  absent.objects = 0;
  const ClusterReport report = report_of({policies(KindState::kSynced, 20s), absent}, kStale, {});
  EXPECT_TRUE(report.sources.at(0).healthy);
  EXPECT_EQ(report.sources.at(0).detail, "3 objects");
  EXPECT_EQ(report.sources.at(1).detail, "not served by this cluster");
  EXPECT_THAT(report.spots, IsEmpty());
  EXPECT_EQ(report.staleness, Staleness{});
}

TEST(ClusterReport, AnOutageIsABlindSpotOnlyAfterItsTime) {
  const auto failing = [](std::chrono::milliseconds age) {
    return report_of({policies(KindState::kFailing, age, "connect: refused")}, kStale, {});
  };
  EXPECT_FALSE(failing(600s).sources.at(0).healthy);
  EXPECT_THAT(failing(600s).sources.at(0).detail, HasSubstr("connect: refused (3 objects known since 10 min ago)"));
  EXPECT_THAT(failing(600s).spots, IsEmpty());
  ASSERT_EQ(failing(601s).spots.size(), 1U);
  EXPECT_EQ(failing(601s).spots[0].what, "kubernetes networkpolicies.networking.k8s.io");
  EXPECT_THAT(failing(601s).staleness.all, HasSubstr("more than 10 min (source.stale): connect: refused"));
  EXPECT_EQ(failing(601s).staleness, failing(3600s).staleness) << "nothing is computed anew while it lasts";
}

TEST(ClusterReport, AKindThatIsForbiddenIsToldByName) {
  KindStatus forbidden = policies(KindState::kForbidden, 30s, "403 Forbidden: no");
  EXPECT_EQ(report_of({forbidden}, kStale, {}).spots.at(0).why, "403 Forbidden: no");
  EXPECT_EQ(report_of({forbidden}, kStale, {}).staleness.all, "") << "what was known before is not old yet";
  forbidden.is_complete = false;
  EXPECT_THAT(report_of({forbidden}, kStale, {}).staleness.all, HasSubstr("never read"));
  forbidden.state_for = 5s;
  EXPECT_THAT(report_of({forbidden}, kStale, {}).spots, IsEmpty()) << "a server that has just started";
}

TEST(ClusterReport, PodsOfOtherNodesMatterToPeersOnly) {
  KindStatus others = policies(KindState::kFailing, 601s);
  others.resource = "pods of other nodes";
  others.object_kind = ObjectKind::kPod;
  const ClusterReport report = report_of({others}, kStale, {});
  EXPECT_EQ(report.staleness.all, "");
  EXPECT_NE(report.staleness.peers, "");
}

TEST(ClusterReport, AnObjectThatCannotBeReadIsABlindSpot) {
  KindStatus status = policies(KindState::kSynced, 0ms);
  status.problems = {"shop/web: spec: wrong"};
  const ClusterReport report = report_of({status}, kStale, {});
  EXPECT_EQ(report.spots.at(0).what, "kubernetes networkpolicies.networking.k8s.io shop/web");
  EXPECT_EQ(report.spots.at(0).why, "shop/web: spec: wrong");
  EXPECT_FALSE(report.sources.at(0).healthy);
}

}  // namespace
}  // namespace sextant::app
