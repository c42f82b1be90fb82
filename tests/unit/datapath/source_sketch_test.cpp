#include "agent/datapath/source_sketch.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

// What bpf/attempts.h does with one packet.
void count(sketch_set& set, std::uint64_t prefix, std::uint64_t key) {
  for (sketch_way& way : set.ways) {
    if (way.prefix == prefix && way.key == key) {
      ++way.count;
      return;
    }
  }
  sketch_way& least = *std::ranges::min_element(set.ways, {}, &sketch_way::count);
  least = {.prefix = prefix, .key = key, .count = least.count + 1, .error = least.count};
}

const HeavySource* find(const std::vector<HeavySource>& sources, std::uint64_t prefix) {
  const auto it = std::ranges::find(sources, prefix, &HeavySource::prefix);
  return it == sources.end() ? nullptr : &*it;
}

TEST(SourceSketch, IsExactWhileASetHoldsAllItsKeys) {
  std::vector<sketch_set> sets(SKETCH_SETS);
  for (std::uint64_t prefix = 1; prefix <= SKETCH_WAYS; ++prefix) {
    for (std::uint64_t i = 0; i < prefix; ++i) count(sets[3], prefix, 99);
  }
  const auto sources = merge_sketch(sets);
  ASSERT_EQ(sources.size(), std::size_t{SKETCH_WAYS});
  for (const HeavySource& source : sources) {
    EXPECT_EQ(source.estimate, source.prefix);
    EXPECT_EQ(source.error, 0U);
  }
}

TEST(SourceSketch, AddsTheCpusAndTellsTheHeaviestFirst) {
  std::vector<sketch_set> sets(2 * SKETCH_SETS);
  for (int i = 0; i < 5; ++i) count(sets[7], 1, 99);
  for (int i = 0; i < 4; ++i) count(sets[SKETCH_SETS + 7], 1, 99);
  for (int i = 0; i < 20; ++i) count(sets[SKETCH_SETS + 7], 2, 99);
  const auto sources = merge_sketch(sets);
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].prefix, 2U);
  EXPECT_EQ(sources[0].estimate, 20U);
  EXPECT_EQ(sources[1].estimate, 9U);
  EXPECT_EQ(sources[1].error, 0U);
}

TEST(SourceSketch, CountsWhatAFullSetMayHaveForgottenAsError) {
  std::vector<sketch_set> sets(2 * SKETCH_SETS);
  for (int i = 0; i < 10; ++i) count(sets[0], 1, 99);
  // The other CPU saw prefix 1 once, then forgot it.
  count(sets[SKETCH_SETS], 1, 99);
  for (std::uint64_t prefix = 2; prefix <= 1 + SKETCH_WAYS; ++prefix) count(sets[SKETCH_SETS], prefix, 99);
  const HeavySource source = *find(merge_sketch(sets), 1);
  EXPECT_GE(source.estimate, 11U);
  EXPECT_LE(source.estimate - source.error, 11U);
}

TEST(SourceSketch, TellsTheHeavyOfAFloodAndNotWhoCameOnce) {
  std::vector<sketch_set> sets(SKETCH_SETS);
  for (std::uint64_t once = 1000; once < 9000; ++once) {
    count(sets[0], once, 99);
    if (once % 2 == 0) count(sets[0], 1, 99);
  }
  for (const HeavySource& source : merge_sketch(sets)) EXPECT_EQ(is_told(source), source.prefix == 1) << source.prefix;
}

TEST(SourceSketch, TellsASourceUntilMoreThanHalfIsNotCertain) {
  EXPECT_TRUE(is_told({.prefix = 1, .key = 1, .estimate = 10, .error = 5}));
  EXPECT_FALSE(is_told({.prefix = 1, .key = 1, .estimate = 11, .error = 6}));
}

// Property: with any traffic on any CPUs, the true count lies in what is stated.
TEST(SourceSketch, StatesBoundsThatHold) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    const std::size_t cpus = 1 + random() % 4;
    std::vector<sketch_set> sets(cpus * SKETCH_SETS);
    std::map<std::uint64_t, std::uint64_t> truth;
    for (int packet = 0; packet < 3000; ++packet) {
      const std::uint64_t prefix = 1 + std::min(random() % 40, random() % 40);
      ++truth[prefix];
      count(sets[random() % cpus * SKETCH_SETS + prefix % 4], prefix, 99);
    }
    const auto sources = merge_sketch(sets);
    for (const HeavySource& source : sources) {
      EXPECT_LE(source.estimate - source.error, truth[source.prefix]);
      EXPECT_GE(source.estimate, truth[source.prefix]);
    }
    // Space-Saving's promise: who has more than a set's packets divided by its ways is there.
    std::uint64_t of_set[4] = {};
    for (const auto& [prefix, packets] : truth) of_set[prefix % 4] += packets;
    for (const auto& [prefix, packets] : truth) {
      if (packets > of_set[prefix % 4] / SKETCH_WAYS) {
        EXPECT_NE(find(sources, prefix), nullptr);
      }
    }
  }
}

}  // namespace
}  // namespace sextant::datapath
