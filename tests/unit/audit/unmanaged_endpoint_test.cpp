// SXT007, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

struct UnmanagedEndpoint : Watch, ::testing::Test {
  UnmanagedEndpoint() { started(); }

  StrayDelivery stray(std::uint64_t count = 1) const {
    return {.address = ip("2001:db8:1::99"),
            .sample = ip("2600:1::7"),
            .protocol = Protocol::kTcp,
            .port = 8080,
            .cgroup = "/kubepods/pod-uid-x",
            .pod_uid = "uid-x",
            .count = count,
            .first_seen = kStart,
            .last_seen = now};
  }
  std::vector<FindingChange> deliver(std::uint64_t count = 1) {
    auditor->on_stray(stray(count), now);
    return settle();
  }
};

TEST_F(UnmanagedEndpoint, IsAPodThatNoSourceDescribes) {
  EXPECT_THAT(deliver(), IsEmpty()) << "a source may tell the pod's address any moment";
  const auto changes = after(config.describe);
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT007");
  EXPECT_EQ(f.severity, Severity::kWarning);
  EXPECT_EQ(f.endpoint.ref, (EndpointRef{.kind = EndpointKind::kPod, .name = "uid-x"}));
  EXPECT_EQ(f.endpoint.address, ip("2001:db8:1::99"));
  EXPECT_EQ(f.message,
            "a pod that no source describes (uid uid-x) receives packets from the internet at 2001:db8:1::99 8080/TCP");
}

TEST_F(UnmanagedEndpoint, IsNamedWhenItsUidIsKnown) {
  StrayDelivery known = stray();
  known.pod_uid = kDbUid;
  auditor->on_stray(known, now);
  after(config.describe);
  EXPECT_EQ(open().at(0).endpoint.ref, kDb);
  EXPECT_EQ(open().at(0).endpoint.workload, "StatefulSet/db");
  EXPECT_EQ(open().at(0).message,
            "shop/db receives packets from the internet at 2001:db8:1::99 8080/TCP, an address that its pod object "
            "does not have");
}

TEST_F(UnmanagedEndpoint, IsNotOneWhoseAddressIsToldInTime) {
  deliver();
  add_pod("late", "uid-x", "2001:db8:1::99");
  set(pod_ref("shop", "late"), closed(cnp("late")), {cnp("late")});
  auditor->on_intent(now);
  EXPECT_THAT(after(config.describe), IsEmpty());
}

TEST_F(UnmanagedEndpoint, ADeliveryOutsideAPodIsNone) {
  StrayDelivery process = stray();
  process.pod_uid = std::nullopt;
  auditor->on_stray(process, now);
  EXPECT_THAT(after(config.describe), IsEmpty());
}

TEST_F(UnmanagedEndpoint, IsOneFindingForAllPortsAndCountsTheirPackets) {
  deliver(2);
  StrayDelivery other = stray(3);
  other.port = 9090;
  auditor->on_stray(other, now);
  after(config.describe);
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open().at(0).count, 5u);
  now += seconds(1);
  deliver(4);
  EXPECT_EQ(open().at(0).count, 7u);
}

TEST_F(UnmanagedEndpoint, ResolvesWhenASourceDescribesTheAddress) {
  deliver();
  after(config.describe);
  add_pod("late", "uid-x", "2001:db8:1::99");
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "2001:db8:1::99 is described now: shop/late");
}

TEST_F(UnmanagedEndpoint, LapsesWhenQuiet) {
  deliver();
  after(config.describe);
  EXPECT_THAT(resolved(after(config.quiet)), SizeIs(1));
}

TEST_F(UnmanagedEndpoint, MorePodsThanFitAreABlindSpot) {
  for (std::size_t i = 0; i < StrayPods::kMaxPods; ++i) {
    StrayDelivery one = stray();
    one.pod_uid = "uid-" + std::to_string(i);
    auditor->on_stray(one, now);
  }
  settle();
  EXPECT_THAT(open("SXT010"), IsEmpty());
  deliver();
  EXPECT_THAT(open("SXT010"), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::testing
