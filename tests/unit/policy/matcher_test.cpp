#include "agent/policy/matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sextant::policy {
namespace {

Selector selector_of(const Prefix& prefix) {
  Selector selector;
  selector.require({.op = Operator::kExists, .source = kCidr, .prefix = prefix});
  return selector;
}

Prefix random_prefix(std::mt19937& random) {
  const std::uint64_t high = 0x2001'0db8'0000'0000 | (random() & 0xff) << 24 | (random() & 3);
  const IpAddress address = random() % 4 == 0 ? IpAddress::from_halves(0, 0xffff'0a00'0000 | (random() & 0xffff))
                                              : IpAddress::from_halves(high, random() & 3);
  const auto length = static_cast<std::uint8_t>(address.is_v4() ? 96 + random() % 33 : 1 + random() % 128);
  return Prefix::masked(address, length);
}

TEST(Matcher, FindsInLongListsOfPrefixesWhatWalkingThemFinds) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<Selector> selectors;
    for (unsigned i = random() % 40; i > 0; --i) selectors.push_back(selector_of(random_prefix(random)));
    Identities identities;
    const Matcher matcher(selectors, identities);
    for (int i = 0; i < 50; ++i) {
      LabelSet labels;
      for (unsigned n = random() % 3; n > 0; --n) labels.add_prefix(random_prefix(random));
      const bool expected = std::ranges::any_of(selectors, [&](const Selector& s) { return s.matches(labels); });
      EXPECT_EQ(matcher.matches(identities.intern(labels)), expected);
    }
  }
}

TEST(Matcher, AnswersForIdentitiesThatCameLater) {
  Identities identities;
  Selector host;
  host.require({.op = Operator::kExists, .source = kReserved, .key = kHostKey});
  const Matcher matcher({host}, identities);
  EXPECT_FALSE(matcher.matches(kNoIdentity));
  LabelSet world, node;
  world.put({.source = kReserved, .key = kWorldKey});
  node.put({.source = kReserved, .key = kHostKey});
  EXPECT_FALSE(matcher.matches(identities.intern(world)));
  EXPECT_TRUE(matcher.matches(identities.intern(node)));
  EXPECT_FALSE(matcher.matches(identities.intern(world)));
}

TEST(Matcher, OfNoSelectorsMatchesNobody) {
  Identities identities;
  EXPECT_FALSE(Matcher({}, identities).matches(identities.intern({})));
}

}  // namespace
}  // namespace sextant::policy
