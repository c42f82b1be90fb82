#include "agent/policy/merge.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::pod;
using test::Scene;

std::string on_80(std::string_view name, std::string_view peers, std::string_view rules, std::string_view port = "80") {
  return cnp(name, "endpointSelector: {matchLabels: {app: db}}, ingress: [{" + std::string(peers) +
                       "toPorts: [{ports: [{port: '" + std::string(port) + "', protocol: TCP}]" + std::string(rules) +
                       "}]}]");
}

constexpr auto kHttp = ", rules: {http: [{method: GET}]}";
constexpr auto kKafka = ", rules: {kafka: [{topic: x}]}";

Decision decide(Release release, std::initializer_list<std::string> policies, std::string_view from = "shop/web",
                std::uint16_t port = 80) {
  Scene scene({pod("shop/db", "app: db"), pod("shop/web", "app: web"), pod("shop/other", "app: other")},
              {.release = release});
  for (const std::string& policy : policies) scene.world.apply(test::object(policy));
  return scene.decide("shop/db", from, port);
}

TEST(Merge, OfTwoL7ProtocolsOnOnePortIsUnknown) {
  for (const Release release : {Release::k1_17_0, Release::k1_18_6, Release::k1_19_3}) {
    const Decision decision = decide(release, {on_80("shop/a", "", kHttp), on_80("shop/b", "", kKafka)});
    EXPECT_EQ(decision.verdict, Verdict::kUnknown);
    EXPECT_NE(decision.why.find("L7 protocols"), std::string::npos) << decision.why;
  }
}

TEST(Merge, OfL7ProtocolsForDifferentPeersConflictsIn117Only) {
  constexpr auto kWeb = "fromEndpoints: [{matchLabels: {app: web}}], ";
  constexpr auto kOther = "fromEndpoints: [{matchLabels: {app: other}}], ";
  const std::initializer_list<std::string> kPolicies{on_80("shop/a", kWeb, kHttp), on_80("shop/b", kOther, kKafka)};
  EXPECT_EQ(decide(Release::k1_17_0, kPolicies).verdict, Verdict::kUnknown);
  EXPECT_EQ(decide(Release::k1_18_6, kPolicies).verdict, Verdict::kRedirect);
}

TEST(Merge, OfServerNamesWithL7RulesConflictsUnlessTheNamesComeFirst) {
  constexpr auto kNames = ", serverNames: [example.org]";
  for (const Release release : {Release::k1_19_3, Release::k1_20_2}) {
    const auto merged = [release](std::string_view first, std::string_view second) {
      return decide(release, {on_80("shop/a", "", first), on_80("shop/b", "", second)}).verdict;
    };
    EXPECT_EQ(merged(kHttp, kNames), Verdict::kUnknown);
    EXPECT_EQ(merged(kNames, kHttp), Verdict::kRedirect);
  }
}

TEST(Merge, OnDifferentPortsDoesNotConflict) {
  EXPECT_EQ(decide(Release::k1_19_3, {on_80("shop/a", "", kHttp), on_80("shop/b", "", kKafka, "81")}).verdict,
            Verdict::kRedirect);
}

TEST(Merge, OfTwoAuthenticationsIsUnknown) {
  const auto asking = [](std::string_view name, std::string_view mode) {
    return cnp(name,
               "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{}], authentication: {mode: " +
                   std::string(mode) + "}}]");
  };
  const Decision decision = decide(kNewestRelease, {asking("shop/a", "required"), asking("shop/b", "disabled")});
  EXPECT_EQ(decision.verdict, Verdict::kUnknown);
  EXPECT_NE(decision.why.find("authentication"), std::string::npos) << decision.why;
}

TEST(Merge, TakesPortsThatReadAlikeForOneUpTo119) {
  // '010' is port 8, yet merges with '10': what comes first by its key gives the range.
  const std::initializer_list<std::string> kPolicies{on_80("shop/a", "", "", "010"), on_80("shop/b", "", "", "10")};
  EXPECT_EQ(decide(Release::k1_20_2, kPolicies, "shop/web", 8).verdict, Verdict::kAllow);
  EXPECT_EQ(decide(Release::k1_20_2, kPolicies, "shop/web", 10).verdict, Verdict::kAllow);
  EXPECT_EQ(decide(Release::k1_19_3, kPolicies, "shop/web", 8).verdict, Verdict::kAllow);
  EXPECT_EQ(decide(Release::k1_19_3, kPolicies, "shop/web", 10).verdict, Verdict::kDeny);
}

TEST(Merge, TakesIcmpTypesThatReadAlikeForOneUpTo119) {
  // '08' is no number of Go's base 0, so it stands for all types; yet it merges with '8', which comes first.
  const std::string policy = cnp("shop/a",
                                 "endpointSelector: {matchLabels: {app: db}}, "
                                 "ingress: [{icmps: [{fields: [{family: IPv6, type: '8'}]}]}], "
                                 "ingressDeny: [{icmps: [{fields: [{family: IPv6, type: '08'}]}]}], "
                                 "enableDefaultDeny: {ingress: false}");
  for (const Release release : {Release::k1_18_6, Release::k1_19_3, Release::k1_20_2}) {
    const Scene scene({pod("shop/db", "app: db"), pod("shop/web"), policy}, {.release = release});
    const bool all = release == Release::k1_20_2;
    EXPECT_EQ(scene.verdict("shop/db", "shop/web", 8, Protocol::kIcmpv6), Verdict::kDeny);
    EXPECT_EQ(scene.verdict("shop/db", "shop/web", 128, Protocol::kIcmpv6), all ? Verdict::kDeny : Verdict::kAllow);
  }
}

TEST(Merge, GivesANamedPortTheRangeOfThePolicyThatIsFirstByKindAndName) {
  const auto web = [](std::string_view kind, std::string_view name, std::string_view range) {
    return test::policy_text(kind, name,
                             "endpointSelector: {matchLabels: {app: db}}, ingress: [{toPorts: [{ports: [{port: web, "
                             "protocol: TCP" +
                                 std::string(range) + "}]}]}]");
  };
  const auto reaches = [](std::uint16_t port, const std::string& one, const std::string& other) {
    const Scene scene({pod("shop/db", "app: db", "", "n1", "containers: [{ports: [{name: web, containerPort: 80}]}]"),
                       pod("shop/web"), one, other});
    return scene.verdict("shop/db", "shop/web", port) == Verdict::kAllow;
  };
  const std::string plain = web("CiliumClusterwideNetworkPolicy", "z", "");
  const std::string range = web("CiliumNetworkPolicy", "shop/a", ", endPort: 90");
  EXPECT_TRUE(reaches(80, plain, range));
  EXPECT_FALSE(reaches(90, plain, range));
  EXPECT_TRUE(reaches(90, range, web("CiliumNetworkPolicy", "shop/b", "")));
}

TEST(Merge, OfRangesUnderOneKeyIsChanceUpTo118) {
  for (const Release release : {Release::k1_17_0, Release::k1_18_6}) {
    const Decision decision = decide(release, {on_80("shop/a", "", "", "010"), on_80("shop/b", "", "", "10")});
    EXPECT_EQ(decision.verdict, Verdict::kUnknown);
    EXPECT_NE(decision.why.find("leaves it to chance"), std::string::npos) << decision.why;
  }
}

TEST(Merge, IsNeededOnlyWhereItChangesSomething) {
  const Redirect none, http{.parser = "http"}, kafka{.parser = "kafka"};
  const PortItem plain{.port = 80, .merge_key = 80}, odd{.port = 8, .merge_key = 10};
  const PortItem named{.name = "web", .end_port = 90};
  EXPECT_TRUE(needs_merging({{.redirect = &none, .port = &named}}, false));
  EXPECT_FALSE(needs_merging({{.redirect = &none}, {.redirect = &http, .port = &plain}}, false));
  EXPECT_TRUE(needs_merging({{.redirect = &none}}, true));
  EXPECT_TRUE(needs_merging({{.redirect = &http}, {.redirect = &kafka}}, false));
  EXPECT_TRUE(needs_merging({{.redirect = &none, .port = &odd}}, false));
}

}  // namespace
}  // namespace sextant::policy
