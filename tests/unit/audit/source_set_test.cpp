#include "agent/audit/source_set.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

bool holds(const std::vector<Prefix>& prefixes, const std::vector<Prefix>& except, const IpAddress& address) {
  const auto in = [&](const Prefix& p) { return p.contains(address); };
  return std::ranges::any_of(prefixes, in) && std::ranges::none_of(except, in);
}

TEST(SourceSet, OfOneClassIsTheClass) {
  const SourceSet set =
      union_of({source_class(1, "world", {prefix("2000::/3")}, {prefix("2001:db8::/48")}, "2600::1")});
  EXPECT_THAT(set.prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(set.except, ElementsAre(prefix("2001:db8::/48")));
  EXPECT_TRUE(set.world);
}

TEST(SourceSet, FillsAHoleWithTheClassThatWasCutOut) {
  const auto world =
      source_class(1, "world", {prefix("2000::/3")}, {prefix("2001:db8::/48"), prefix("2600::/16")}, "2a00::1");
  const auto office = source_class(2, "2600::/16", {prefix("2600::/16")}, {}, "2600::1");
  const SourceSet set = union_of({world, office});
  EXPECT_THAT(set.prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(set.except, ElementsAre(prefix("2001:db8::/48")));
}

TEST(SourceSet, OfNeighboursIsOnePrefix) {
  const SourceSet set = union_of({source_class(1, "a", {prefix("2600::/17")}, {}, "2600::1"),
                                  source_class(2, "b", {prefix("2600:8000::/17")}, {}, "2600:8000::1")});
  EXPECT_THAT(set.prefixes, ElementsAre(prefix("2600::/16")));
  EXPECT_THAT(set.except, IsEmpty());
  EXPECT_FALSE(set.world);
}

TEST(SourceSet, IsTheWorldHoweverTheClassIsWritten) {
  std::vector<Prefix> spelled_out = subtract(prefix("2000::/3"), {prefix("2001:db8::/48")});
  const SourceSet set = union_of({source_class(1, "world", spelled_out, {}, "2600::1")});
  EXPECT_TRUE(set.world);
  EXPECT_THAT(set.prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(set.except, ElementsAre(prefix("2001:db8::/48")));
  EXPECT_TRUE(union_of({source_class(1, "2000::/3", {prefix("2000::/3")}, {}, "2600::1")}).world);
}

TEST(SourceSet, HoldsExactlyTheAddressesOfItsClasses) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t below) { return random() % below; };
  for (int round = 0; round < 300; ++round) {
    // Nested prefixes below 2000::/3; each class is one prefix without those that are nested in it.
    std::vector<Prefix> named{kGlobalUnicast};
    for (std::uint64_t n = 1 + pick(8); n > 0; --n) {
      const auto address = IpAddress::from_halves(0x2000000000000000ULL | (random() & 0x000f00000000000fULL), random());
      named.push_back(Prefix::masked(address, static_cast<std::uint8_t>(4 + pick(80))));
    }
    std::ranges::sort(named);
    named.erase(std::unique(named.begin(), named.end()), named.end());
    std::vector<std::shared_ptr<const SourceClass>> chosen;
    std::vector<IpAddress> probes;
    for (const Prefix& outer : named) {
      std::vector<Prefix> inner;
      std::ranges::copy_if(named, std::back_inserter(inner),
                           [&](const Prefix& p) { return p != outer && outer.contains(p); });
      if (pick(2) == 0) {
        chosen.push_back(
            source_class(static_cast<ClassId>(chosen.size()), outer.to_string(), {outer}, inner, "2000::1"));
      }
      for (const IpAddress& edge : {outer.first(), outer.last(), outer.first().previous(), outer.last().next()}) {
        probes.push_back(edge);
      }
    }
    const SourceSet set = union_of(chosen);
    for (const IpAddress& probe : probes) {
      const bool expected =
          std::ranges::any_of(chosen, [&](const auto& c) { return holds(c->prefixes, c->except, probe); });
      ASSERT_EQ(holds(set.prefixes, set.except, probe), expected) << probe.to_string();
    }
    ASSERT_EQ(minimize(set.prefixes), set.prefixes);
    ASSERT_EQ(minimize(set.except), set.except);
  }
}

}  // namespace
}  // namespace sextant::audit::testing
