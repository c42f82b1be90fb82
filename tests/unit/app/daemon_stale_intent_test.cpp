#include "agent/app/daemon/stale_intent.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app {
namespace {

// A pod that one policy opens to the world and to its own namespace, and a peer on another node.
class StaleIntentTest : public testing::Test {
 protected:
  StaleIntentTest() {
    for (
        const char* text :
        {R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"web","labels":{"app":"web"}},"spec":{"nodeName":"n1"},"status":{"podIPs":[{"ip":"2001:db8:1::1"}]}})",
         R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"db","labels":{"app":"db"}},"spec":{"nodeName":"n2"},"status":{"podIPs":[{"ip":"2001:db8:2::1"}]}})",
         R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"namespace":"shop","name":"web"},"spec":{"podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Ingress"],"ingress":[{"ports":[{"port":443}]}]}})"}) {
      const Object object = **decode(*parse_json(text), {});
      world.apply(object);
      engine.on(object);
    }
  }

  std::set<Verdict> verdicts(bool of_pods) const {
    std::set<Verdict> all;
    for (const IntentRow& row : intent.intent(web)->rows) {
      if (row.source->name.starts_with("pod:") == of_pods) all.insert(row.cell(Protocol::kTcp, 443).verdict);
    }
    return all;
  }

  World world{"n1"};
  policy::Engine engine{world, {}};
  StaleIntent intent{engine};
  const EndpointRef web{.kind = EndpointKind::kPod, .ns = "shop", .name = "web"};
};

TEST_F(StaleIntentTest, WhatIsFreshIsTheEngines) {
  EXPECT_EQ(intent.intent(web), engine.intent(web));
  EXPECT_FALSE(intent.set({}));
  EXPECT_EQ(intent.intent({.kind = EndpointKind::kPod, .ns = "shop", .name = "none"}), nullptr);
}

TEST_F(StaleIntentTest, WhatIsStaleIsUnknownAndSaysWhy) {
  EXPECT_TRUE(intent.set({.all = "policies: too old"}));
  EXPECT_EQ(verdicts(false), std::set{Verdict::kUnknown});
  EXPECT_EQ(verdicts(true), std::set{Verdict::kUnknown});
  EXPECT_EQ(intent.intent(web), intent.intent(web)) << "the same until something changes";
  EXPECT_EQ(intent.intent(web)->rows.front().cells.begin()->why, "policies: too old");
  const auto decision = intent.decide({.ns = "shop", .name = "web"}, {.address = *IpAddress::parse("2600::1")},
                                      Protocol::kTcp, 443, false);
  EXPECT_EQ(decision->verdict, Verdict::kUnknown);
  EXPECT_THAT(decision->why, testing::StartsWith("policies: too old; by what was known last: "));
  for (const KernelPolicy& policy : intent.compile().policies) {
    EXPECT_EQ(intent.compile().port_maps.at(policy.default_port_map).front().verdict, Verdict::kUnknown);
    EXPECT_TRUE(policy.port_map_of_class.empty());
  }
  EXPECT_TRUE(intent.set({}));
  EXPECT_EQ(verdicts(false), std::set{Verdict::kAllow});
}

TEST_F(StaleIntentTest, StalePeersMakePodsAsSourcesUnknownAndNothingElse) {
  ASSERT_TRUE(intent.set({.peers = "pods of other nodes: too old"}));
  EXPECT_EQ(verdicts(false), std::set{Verdict::kAllow});
  EXPECT_EQ(verdicts(true), std::set{Verdict::kUnknown});
}

}  // namespace
}  // namespace sextant::app
