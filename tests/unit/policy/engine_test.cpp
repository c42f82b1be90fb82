#include "agent/policy/engine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::group;
using test::node;
using test::pod;
using test::Scene;

TEST(Engine, ErrsOnWhatIsNotThere) {
  const Scene scene({pod("shop/db")});
  const Engine engine = scene.engine();
  EXPECT_FALSE(engine.decide(test::subject("shop/none"), test::peer("2001:db8::1"), Protocol::kTcp, 80));
  EXPECT_FALSE(engine.decide(test::subject("node:n9"), test::peer("2001:db8::1"), Protocol::kTcp, 80));
  EXPECT_FALSE(engine.decide(test::subject("shop/db"), test::peer("shop/none"), Protocol::kTcp, 80));
  EXPECT_FALSE(engine.decide(test::subject("shop/db"), test::peer("node:n9"), Protocol::kTcp, 80));
  EXPECT_EQ(engine.intent({.kind = EndpointKind::kPod, .ns = "shop", .name = "none"}), nullptr);
  EXPECT_EQ(engine.intent({.kind = EndpointKind::kService, .ns = "shop", .name = "db"}), nullptr);
  EXPECT_EQ(engine.intent_of_workload({.kind = ObjectKind::kWorkload, .ns = "shop", .name = "Deployment/none"}),
            nullptr);
}

TEST(Engine, HasARowForEachClassInTheOrderOfTheirNames) {
  const Scene scene({pod("shop/db", "app: db", "fd00::1"), node("n1", "2001:db8::a"),
                     cnp("shop/db", "endpointSelector: {}, ingress: [{fromCIDR: ['2001:db8:1::/48']}]")});
  const Engine engine = scene.engine();
  const auto intent = engine.intent({.kind = EndpointKind::kPod, .ns = "shop", .name = "db"});
  ASSERT_NE(intent, nullptr);
  EXPECT_TRUE(intent->selected);
  EXPECT_TRUE(intent->enforced);
  EXPECT_EQ(intent->selecting.size(), 1u);
  std::vector<std::string> names;
  for (const IntentRow& row : intent->rows) names.push_back(row.source->name.substr(0, 15));
  EXPECT_EQ(names, (std::vector<std::string>{"2001:db8:1::/48", "host", "ipv4", "local", "pod:app=db,io.c", "world"}));
  EXPECT_EQ(
      intent->row(engine.classify(IpAddress::parse("2001:db8:1::1").value())->id)->cell(Protocol::kTcp, 22).verdict,
      Verdict::kAllow);
  EXPECT_EQ(intent->row(engine.classify(IpAddress::parse("2a00::1").value())->id)->cell(Protocol::kTcp, 22).verdict,
            Verdict::kDeny);
}

TEST(Engine, GivesTheSameIntentUntilSomethingChanges) {
  Scene scene({pod("shop/db")});
  Engine engine = scene.engine();
  const EndpointRef db{.kind = EndpointKind::kPod, .ns = "shop", .name = "db"};
  const auto before = engine.intent(db);
  EXPECT_EQ(engine.intent(db), before);
  const Delta change = test::object(cnp("shop/db", "endpointSelector: {}, ingress: [{}]"));
  scene.world.apply(change);
  engine.on(change);
  EXPECT_NE(engine.intent(db), before);
  EXPECT_FALSE(before->selected);  // what was handed out stays as it was
  EXPECT_TRUE(engine.intent(db)->selected);
}

TEST(Engine, DecidesForPodTemplates) {
  const Scene scene(
      {"{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: db}, spec: {selector: {matchLabels: "
       "{app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: x}]}}}}",
       cnp("shop/db", "endpointSelector: {matchLabels: {app: db}}, ingress: [{}]")});
  const Engine engine = scene.engine();
  const auto intent = engine.intent_of_workload({.kind = ObjectKind::kWorkload, .ns = "shop", .name = "Deployment/db"});
  ASSERT_NE(intent, nullptr);
  EXPECT_TRUE(intent->enforced);
  const auto decision = engine.decide({.kind = Subject::Kind::kWorkload, .ns = "shop", .name = "Deployment/db"},
                                      test::peer("2001:db8::1"), Protocol::kTcp, 80);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->verdict, Verdict::kDeny);
}

TEST(Engine, ReportsWhatIsRejectedAndWhatHasNoEffectSorted) {
  const Scene scene({cnp("shop/b", "endpointSelector: {}, ingress: [{fromCIDR: [x]}]"),
                     cnp("shop/a", "endpointSelector: {}, ingress: [{fromCIDRs: []}]"), group("g", "y"),
                     cnp("shop/c", "endpointSelector: {}, ingress: [{fromGroups: [{aws: {}}]}]")});
  const auto problems = scene.engine().problems();
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_EQ(problems[0].policy.name, "a");
  EXPECT_FALSE(problems[0].rejected);
  EXPECT_EQ(problems[1].policy.name, "b");
  EXPECT_TRUE(problems[1].rejected);
  EXPECT_EQ(problems[2].policy.rule, "spec.ingress[0]");
  EXPECT_EQ(problems[3].policy.kind, ObjectKind::kCiliumCidrGroup);
}

TEST(Engine, DecidesAnewWhenItsOptionsChange) {
  const Scene scene({pod("shop/db"), pod("shop/web"),
                     test::knp("shop/db", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]")},
                    {.release = Release::k1_19_3});
  Engine engine = scene.engine();
  const auto verdict = [&] {
    return engine.decide(test::subject("shop/db"), test::peer("shop/web"), Protocol::kTcp, 80)->verdict;
  };
  EXPECT_EQ(verdict(), Verdict::kAllow);
  engine.set_options({.release = Release::k1_20_2});
  EXPECT_EQ(verdict(), Verdict::kDeny);
}

TEST(Engine, SeesSourcesFromTheSubjectsOwnNode) {
  const Scene scene({node("n1", "2001:db8::a"), node("n2", "2001:db8::b"), pod("shop/here"),
                     pod("shop/there", "", "", "n2"), cnp("shop/db", "endpointSelector: {}, ingress: [{}]")});
  EXPECT_EQ(scene.verdict("shop/here", "2001:db8::a"), Verdict::kAllow);
  EXPECT_EQ(scene.verdict("shop/here", "2001:db8::b"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("shop/there", "2001:db8::a"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("shop/there", "2001:db8::b"), Verdict::kAllow);
}

// allow-localhost is about the host that the pod is on.
TEST(Engine, IntentOfAPodSeesTheHostOfItsOwnNode) {
  const Scene scene({test::node("n1", "2001:db8::a"), test::node("n2", "2001:db8::b"),
                     test::pod("shop/here", "", "2001:db8:1::1", "n1"),
                     test::pod("shop/there", "", "2001:db8:1::2", "n2"),
                     test::cnp("shop/closed", "endpointSelector: {}, ingress: [{}]")});
  const Engine engine = scene.engine();
  const auto verdict = [&](std::string_view pod, std::string_view source) {
    const auto intent = engine.intent({.kind = EndpointKind::kPod, .ns = "shop", .name = std::string(pod)});
    for (const IntentRow& row : intent->rows) {
      if (std::ranges::find(row.source->prefixes, Prefix::of(IpAddress::parse(source).value())) !=
          row.source->prefixes.end())
        return row.cell(Protocol::kTcp, 80).verdict;
    }
    return Verdict::kUnknown;
  };
  for (const std::string_view source : {"2001:db8::a", "2001:db8::b"}) {
    EXPECT_EQ(verdict("here", source), scene.verdict("shop/here", source)) << source;
    EXPECT_EQ(verdict("there", source), scene.verdict("shop/there", source)) << source;
  }
  EXPECT_EQ(verdict("there", "2001:db8::b"), Verdict::kAllow);
  EXPECT_EQ(engine.classify(IpAddress::parse("2001:db8::b").value())->name, "remote-node");
}

}  // namespace
}  // namespace sextant::policy
