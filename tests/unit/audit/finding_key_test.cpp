#include "agent/audit/finding_key.h"

#include <set>

#include <gtest/gtest.h>

namespace sextant::audit {
namespace {

FindingKey db_key() {
  return {.code = "SXT001",
          .node = "n1",
          .endpoint = {.kind = EndpointKind::kPod, .ns = "shop", .name = "db"},
          .protocol = Protocol::kTcp,
          .port = 5432,
          .source_class = "world"};
}

TEST(FindingId, IsWhatStoresAndSilencesOfOlderReleasesHold) {
  EXPECT_EQ(finding_id(db_key()), "SXT001-74df2d3f");
  EXPECT_EQ(
      finding_id(
          {.code = "SXT010", .node = "n1", .endpoint = {.kind = EndpointKind::kSextant, .name = "witness death"}}),
      "SXT010-cb3ba539");
}

TEST(FindingId, DependsOnEveryPartOfTheKey) {
  std::set<std::string> ids{finding_id(db_key())};
  const auto differs = [&](auto change) {
    FindingKey key = db_key();
    change(key);
    return ids.insert(finding_id(key)).second;
  };
  EXPECT_TRUE(differs([](FindingKey& k) { k.code = "SXT009"; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.node = "n2"; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.endpoint.kind = EndpointKind::kService; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.endpoint.ns = "ops"; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.endpoint.name = "web"; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.protocol = Protocol::kUdp; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.protocol = std::nullopt; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.port = 5433; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.port = std::nullopt; }));
  EXPECT_TRUE(differs([](FindingKey& k) { k.source_class = ""; }));
}

TEST(FindingId, TellsWhereOnePartEnds) {
  FindingKey a = db_key();
  FindingKey b = db_key();
  a.endpoint = {.ns = "ab", .name = "c"};
  b.endpoint = {.ns = "a", .name = "bc"};
  EXPECT_NE(finding_id(a), finding_id(b));
}

TEST(FindingId, OfALaterAttemptIsAnotherAndAlwaysTheSame) {
  EXPECT_NE(finding_id(db_key(), 1), finding_id(db_key()));
  EXPECT_NE(finding_id(db_key(), 2), finding_id(db_key(), 1));
  EXPECT_EQ(finding_id(db_key(), 1), finding_id(db_key(), 1));
}

TEST(FindingKey, IsReadBackFromTheFinding) {
  const FindingKey key = db_key();
  const Finding finding{.code = key.code,
                        .node = key.node,
                        .endpoint = {.ref = key.endpoint},
                        .protocol = key.protocol,
                        .port = key.port,
                        .source = SourceDetail{.source_class = key.source_class}};
  EXPECT_EQ(key_of(finding), key);
}

}  // namespace
}  // namespace sextant::audit
