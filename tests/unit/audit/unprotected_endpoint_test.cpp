// SXT005, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/base/document.h"
#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct UnprotectedEndpoint : Watch, ::testing::Test {
  UnprotectedEndpoint() { started(); }
  void bare(std::string_view address = "2001:db8:1::8") {
    add_pod("bare", "uid-bare", address, "Deployment/bare");
    set(pod_ref("shop", "bare"), open_by_default());
    auditor->on_intent(now);
  }
};

TEST_F(UnprotectedEndpoint, IsAPodWithAPublicAddressThatNoPolicySelects) {
  bare();
  const auto changes = settle();
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT005");
  EXPECT_EQ(f.severity, Severity::kWarning);
  EXPECT_EQ(f.message,
            "shop/bare has the public address 2001:db8:1::8 and no policy selects it: the internet may reach all of "
            "its ports");
  EXPECT_EQ(f.evidence.at(0).verdict, Verdict::kAllow);
  EXPECT_EQ(f.protocol, std::nullopt);
  EXPECT_EQ(f.source, std::nullopt);
}

TEST_F(UnprotectedEndpoint, SaysWhatListensAndWhetherTheInternetHasCome) {
  auditor->on_listeners({.taken = now, .listeners = {pod_listener("uid-bare", Protocol::kTcp, 8080, "nginx")}}, now);
  bare();
  auditor->on_row(delivered(row(pod_ref("shop", "bare"), 8080, kWorld, Verdict::kAllow, now), 1, now), now);
  settle();
  const Finding f = open().at(0);
  EXPECT_EQ(f.evidence.at(1).verdict, Verdict::kAllow);
  EXPECT_EQ(f.evidence.at(2).detail, "listens: 8080/TCP (nginx)");
}

TEST_F(UnprotectedEndpoint, OffersAPolicyThatParsesAndSelectsThePod) {
  bare();
  settle();
  const auto documents = parse_yaml(open().at(0).fix);
  ASSERT_TRUE(documents.has_value()) << documents.error().what;
  EXPECT_EQ(documents->at(0).string_at("kind"), "CiliumNetworkPolicy");
  EXPECT_EQ(documents->at(0).at({"spec", "endpointSelector", "matchLabels"})->string_at("app"), "x");
}

TEST_F(UnprotectedEndpoint, IsNotOneWithoutAPublicAddress) {
  bare("fd00::8");
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(UnprotectedEndpoint, IsNotAHostNetworkPodNorAFinishedOneNorOneOfAnotherNode) {
  const auto add = [&](const std::string& name, auto change) {
    Pod pod{.ns = "shop", .name = name, .node_name = "n1", .addresses = {ip("2001:db8:1::9")}};
    change(pod);
    world.apply(Object(pod));
    set(pod_ref("shop", name), open_by_default());
  };
  add("host", [](Pod& pod) { pod.host_network = true; });
  add("done", [](Pod& pod) { pod.finished = true; });
  add("away", [](Pod& pod) { pod.node_name = "n2"; });
  auditor->on_intent(now);
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(UnprotectedEndpoint, IsNotOneWherePoliciesAreAlwaysEnforced) {
  add_pod("bare", "", "2001:db8:1::8");
  set(pod_ref("shop", "bare"), everything(Verdict::kDeny, Because::kDefaultDeny));
  auto intent = std::make_shared<EndpointIntent>(*intents[pod_ref("shop", "bare")]);
  intent->enforced = true;
  intents[pod_ref("shop", "bare")] = intent;
  auditor->on_intent(now);
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(UnprotectedEndpoint, ResolvesWhenAPolicySelectsIt) {
  bare();
  settle();
  set(pod_ref("shop", "bare"), closed(cnp("bare")), {cnp("bare")});
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "CiliumNetworkPolicy shop/bare selects it now");
}

TEST_F(UnprotectedEndpoint, ResolvesWhenThePodIsGone) {
  bare();
  settle();
  remove_pod("bare");
  auditor->on_intent(now);
  const auto changes = after(seconds(1));
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_THAT(changes[0].finding.resolution, HasSubstr("is gone"));
}

TEST_F(UnprotectedEndpoint, DoesNotLapseWithTime) {
  bare();
  settle();
  EXPECT_THAT(after(hours(48)), IsEmpty());
  EXPECT_EQ(open().at(0).last_seen, now);
}

}  // namespace
}  // namespace sextant::audit::testing
