#include "agent/policy/entities.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

// Whether the entity selects an identity of one label.
bool selects(std::string_view entity, Label label, Symbols& symbols, Release release = kNewestRelease) {
  const auto selectors = entity_selectors(entity, "c1", SelectorReader(symbols, release));
  EXPECT_TRUE(selectors.has_value()) << entity;
  LabelSet labels;
  labels.put(label);
  return selectors && std::ranges::any_of(*selectors, [&](const Selector& s) { return s.matches(labels); });
}

TEST(Entities, AllIsEveryone) {
  Symbols symbols;
  EXPECT_TRUE(selects("all", {.source = kReserved, .key = kWorldKey}, symbols));
  EXPECT_TRUE(selects("all", {.source = kK8s, .key = symbols.intern("app")}, symbols));
}

TEST(Entities, WorldIsBothFamiliesAndNoPod) {
  Symbols symbols;
  for (const Symbol key : {kWorldKey, kWorldV4Key, kWorldV6Key}) {
    EXPECT_TRUE(selects("world", {.source = kReserved, .key = key}, symbols));
  }
  EXPECT_FALSE(selects("world", {.source = kK8s, .key = symbols.intern("app")}, symbols));
  EXPECT_FALSE(selects("world", {.source = kReserved, .key = kHostKey}, symbols));
  EXPECT_FALSE(selects("world-ipv6", {.source = kReserved, .key = kWorldV4Key}, symbols));
}

TEST(Entities, ClusterIsNodesAndPodsOfTheLocalCluster) {
  Symbols symbols;
  const Symbol key = symbols.intern(kClusterKey);
  EXPECT_TRUE(selects("cluster", {.source = kReserved, .key = kRemoteNodeKey}, symbols));
  EXPECT_TRUE(selects("cluster", {.source = kReserved, .key = symbols.intern("kube-apiserver")}, symbols));
  EXPECT_TRUE(selects("cluster", {.source = kK8s, .key = key, .value = symbols.intern("c1")}, symbols));
  EXPECT_FALSE(selects("cluster", {.source = kK8s, .key = key, .value = symbols.intern("c2")}, symbols));
  EXPECT_FALSE(selects("cluster", {.source = kReserved, .key = kWorldKey}, symbols));
}

TEST(Entities, ClusterMeshExistsFrom120On) {
  Symbols symbols;
  EXPECT_FALSE(entity_selectors("cluster-mesh", "c1", SelectorReader(symbols, Release::k1_19_3)));
  EXPECT_TRUE(selects("cluster-mesh",
                      {.source = kK8s, .key = symbols.intern(kClusterKey), .value = symbols.intern("c2")}, symbols));
}

TEST(Entities, NoneIsNobody) {
  Symbols symbols;
  EXPECT_FALSE(selects("none", {.source = kReserved, .key = kWorldKey}, symbols));
}

TEST(Entities, OfOtherNamesAreNotKnown) {
  Symbols symbols;
  for (const auto* name : {"", "World", "internet", "pod"}) {
    for (const Release release : test::kReleases) {
      EXPECT_FALSE(entity_selectors(name, "c1", SelectorReader(symbols, release))) << name;
    }
  }
}

}  // namespace
}  // namespace sextant::policy
