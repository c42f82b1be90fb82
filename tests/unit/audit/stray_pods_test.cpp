#include "agent/audit/stray_pods.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

StrayDelivery stray(std::uint64_t count, std::uint16_t port = 80, Time last = kStart) {
  return {.address = ip("2001:db8::1"),
          .port = port,
          .pod_uid = "u",
          .count = count,
          .first_seen = kStart,
          .last_seen = last};
}

TEST(StrayPods, CountEachPacketOnce) {
  StrayPods pods;
  pods.merge(stray(3));
  pods.merge(stray(5));
  pods.merge(stray(2, 81));
  EXPECT_EQ(pods.all().at("u").fresh, 7u);
  pods.judged("u");
  EXPECT_EQ(pods.all().at("u").fresh, 0u);
  pods.merge(stray(6));
  EXPECT_EQ(pods.all().at("u").fresh, 1u);
}

TEST(StrayPods, ASmallerCountIsThatOfANewCounter) {
  StrayPods pods;
  pods.merge(stray(5));
  pods.judged("u");
  pods.merge(stray(2));
  EXPECT_EQ(pods.all().at("u").fresh, 2u);
}

TEST(StrayPods, TakeOnlyDeliveriesToPods) {
  StrayPods pods;
  StrayDelivery process = stray(1);
  process.pod_uid = std::nullopt;
  EXPECT_TRUE(pods.merge(process));
  EXPECT_TRUE(pods.all().empty());
}

TEST(StrayPods, AreBounded) {
  StrayPods pods;
  for (std::size_t port = 0; port < StrayPods::kMaxPortsOfPod; ++port) {
    EXPECT_TRUE(pods.merge(stray(1, static_cast<std::uint16_t>(port))));
  }
  EXPECT_FALSE(pods.merge(stray(1, 60000)));
  EXPECT_TRUE(pods.merge(stray(2, 0))) << "what is known is still counted";
}

TEST(StrayPods, AreForgottenWhenQuiet) {
  StrayPods pods;
  pods.merge(stray(1));
  pods.prune(kStart);
  EXPECT_FALSE(pods.all().empty());
  pods.prune(kStart + seconds(1));
  EXPECT_TRUE(pods.all().empty());
}

}  // namespace
}  // namespace sextant::audit::testing
