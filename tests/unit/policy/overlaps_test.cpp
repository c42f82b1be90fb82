// So many overlapping ranges of ports are computed, and no more.
#include "agent/policy/overlaps.h"

#include <ctime>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::pod;

// So many items on one port, for everyone.
SubjectPolicy subject(std::size_t items) {
  SubjectPolicy policy{.applies = true, .default_deny = true};
  for (std::size_t i = 0; i < items; ++i)
    policy.items.push_back({.protocol = Protocol::kTcp, .first_port = 80, .last_port = 80});
  return policy;
}

TEST(Overlaps, AreTheItemsAtEachEdge) {
  SubjectPolicy policy = subject(3);
  EXPECT_EQ(edges(policy, Protocol::kTcp), (std::vector<std::uint32_t>{0, 80, 81}));
  EXPECT_EQ(overlaps(policy), 3U);
  policy.items.push_back({});  // every protocol and port
  EXPECT_EQ(overlaps(policy), 3U + 3U);
  policy.items.push_back({.protocol = Protocol::kTcp, .first_port = 80, .last_port = 65535});
  EXPECT_EQ(overlaps(policy), 3U + 3U + 2U);
  policy.items.push_back({.protocol = Protocol::kUdp, .first_port = 1, .last_port = 1});
  EXPECT_EQ(overlaps(policy), 3U + 3U + 2U + 3U + 1U);
}

TEST(Overlaps, OfAPeerAreThoseOfTheItemsThatConcernIt) {
  const SubjectPolicy policy = subject(3);
  const Sight sight{.concerned = {true, false, true}};
  EXPECT_EQ(overlaps(policy, &sight), 2U);
}

TEST(Overlaps, AtTheLimitAreComputedAndBeyondItUnknown) {
  for (const bool beyond : {false, true}) {
    SubjectPolicy policy = subject(kMostOverlaps + (beyond ? 1 : 0));
    policy.overlaps = overlaps(policy);
    const PeerIdentity peer{};
    const Sight sight = sight_of(policy, peer);
    EXPECT_EQ(too_many_overlaps(policy, sight), beyond);
    const Verdict expected = beyond ? Verdict::kUnknown : Verdict::kAllow;
    EXPECT_EQ(judge(policy, sight, Protocol::kTcp, 80, kNewestRelease).verdict, expected);
    EXPECT_EQ(verdict_alone(policy, peer, Protocol::kTcp, 80, kNewestRelease), expected);
  }
}

// Each policy with forty rules that begin on other ports and all reach to the same.
std::vector<std::string> heavy(int policies, std::string_view peer) {
  std::vector<std::string> objects{pod("shop/db", "app: db", "2001:db8:1::1"), pod("shop/web", "app: web")};
  for (int i = 0; i < policies; ++i) {
    std::string ports;
    for (int j = 0; j < 40; ++j) {
      const int first = 1 + 2 * (i * 40 + j);
      ports += (j == 0 ? "{port: '" : ", {port: '") + std::to_string(first) + "', endPort: 20000, protocol: TCP}";
    }
    objects.push_back(cnp("shop/p" + std::to_string(i), "endpointSelector: {matchLabels: {app: db}}, ingress: [{" +
                                                            std::string(peer) + ", toPorts: [{ports: [" + ports +
                                                            "]}]}]"));
  }
  return objects;
}

// A world and its engine.
struct Cluster {
  explicit Cluster(const std::vector<std::string>& texts) : world(world_of(texts)) {}

  static World world_of(const std::vector<std::string>& texts) {
    World world("n1");
    for (const std::string& text : texts) world.apply(test::object(text));
    return world;
  }
  Verdict verdict(std::string_view from) const {
    return engine.decide(test::subject("shop/db"), test::peer(from), Protocol::kTcp, 443).value().verdict;
  }

  World world;
  Engine engine{world, {}};
};

TEST(Overlaps, BeyondTheLimitAreQuicklyUnknownForThoseWhomTheyConcern) {
  const auto begun = std::clock();
  const Cluster cluster(heavy(100, "fromEntities: [world]"));
  const auto intent = cluster.engine.intent({.kind = EndpointKind::kPod, .ns = "shop", .name = "db"});
  ASSERT_NE(intent, nullptr);
  for (const IntentRow& row : intent->rows) {
    const bool is_world = row.source->name == "world" || row.source->name == "ipv4" || row.source->name == "local";
    EXPECT_EQ(row.cell(Protocol::kTcp, 443).verdict == Verdict::kUnknown, is_world) << row.source->name;
    EXPECT_TRUE(!is_world || row.cells.size() < 10U) << row.source->name;
  }
  EXPECT_LT(std::clock() - begun, 10 * CLOCKS_PER_SEC) << "of CPU; without a limit it is minutes";
  EXPECT_EQ(cluster.verdict("2600::1"), Verdict::kUnknown);
  EXPECT_EQ(cluster.verdict("shop/web"), Verdict::kDeny);
}

TEST(Overlaps, BeyondTheLimitAreToldOfTheEndpoint) {
  const std::vector<Uncomputed> uncomputed = Cluster(heavy(100, "fromEntities: [world]")).engine.uncomputed();
  ASSERT_EQ(uncomputed.size(), 1U);
  EXPECT_EQ(uncomputed[0].endpoint.to_string(), "shop/db");
  EXPECT_NE(uncomputed[0].reason.find("65536 overlaps"), std::string::npos) << uncomputed[0].reason;
  EXPECT_TRUE(Cluster(heavy(2, "fromEntities: [world]")).engine.uncomputed().empty());
}

// Each peer meets few of them.
TEST(Overlaps, OfOthersDoNotCount) {
  std::vector<std::string> objects{pod("shop/db", "app: db", "2001:db8:1::1")};
  for (int i = 0; i < 300; ++i) {
    objects.push_back(
        cnp("shop/p" + std::to_string(i), "endpointSelector: {}, ingress: [{fromCIDR: ['2600:" + std::to_string(i) +
                                              "::/32'], toPorts: [{ports: [{port: '" + std::to_string(1 + i) +
                                              "', endPort: 20000, protocol: TCP}]}]}]"));
  }
  const Cluster cluster(objects);
  EXPECT_EQ(cluster.verdict("2600:7::1"), Verdict::kAllow);
  EXPECT_EQ(cluster.verdict("2601::1"), Verdict::kDeny);
  EXPECT_TRUE(cluster.engine.uncomputed().empty());
}

}  // namespace
}  // namespace sextant::policy
