#include "agent/datapath/table_image.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/datapath/random_intent.h"
#include "tests/unit/datapath/reference_lookup.h"

namespace sextant::datapath {
namespace {

using test::RandomIntent;

constexpr TableLimits kRoomy{.endpoints = 4096, .source_ranges = 65'536, .cells = 65'536, .port_ranges = 65'536};

Roster seat(const KernelIntent& intent, std::uint16_t slots = 4096) {
  Roster roster(slots);
  std::vector<EndpointRef> endpoints;
  for (const KernelEndpoint& endpoint : intent.endpoints) endpoints.push_back(endpoint.endpoint);
  roster.assign(endpoints);
  return roster;
}

TableImage image_of(const KernelIntent& intent, const TableLimits& limits = kRoomy) {
  return make_table_image(intent, seat(intent), limits, 42);
}

// The lookups of bpf/verdict.h.
const table_endpoint* find_endpoint(const TableImage& image, const IpAddress& address) {
  const std::uint64_t hash = hash_pair(address.high(), address.low(), image.seed);
  const auto mask = static_cast<std::uint32_t>(image.endpoints.size() - 1);
  for (const std::uint32_t bucket : {first_bucket(hash, mask), second_bucket(hash, mask)}) {
    for (const table_endpoint& way : image.endpoints[bucket].ways) {
      if (way.id == 0) return nullptr;
      if (way.hi == address.high() && way.lo == address.low()) return &way;
    }
  }
  return nullptr;
}

// The word of a source by the ranges alone; tests/unit/datapath/source_index_test.cpp has the way by the index.
std::uint32_t find_source(const TableImage& image, const IpAddress& address) {
  std::uint32_t found = TABLE_NO_CLASS;
  for (const table_source& range : image.sources) {
    if (IpAddress::from_halves(range.hi, range.lo) <= address) found = range.word;
  }
  return found;
}

table_port_map find_port_map(const TableImage& image, std::uint32_t policy, std::uint32_t class_id) {
  const std::uint64_t hash = hash_pair(policy, class_id, image.seed);
  const auto mask = static_cast<std::uint32_t>(image.cells.size() - 1);
  for (const std::uint32_t bucket : {first_bucket(hash, mask), second_bucket(hash, mask)}) {
    for (const table_cell& way : image.cells[bucket].ways) {
      if (way.class_id == TABLE_NO_CLASS) return image.policies[policy].ports;
      if (way.policy == policy && way.class_id == class_id) return way.ports;
    }
  }
  return image.policies[policy].ports;
}

Verdict find_verdict(const TableImage& image, std::uint32_t policy, std::uint32_t class_id, Protocol protocol,
                     std::uint16_t port) {
  const table_port_map map = find_port_map(image, policy, class_id);
  if (class_id == TABLE_NO_CLASS || map.count == 0) return Verdict::kUnknown;
  const std::uint32_t wanted = range_key(static_cast<std::uint8_t>(protocol), port);
  const table_range* found = nullptr;
  for (std::uint32_t i = 0; i < map.count; ++i) {
    if (image.ranges[map.first + i].start <= wanted) found = &image.ranges[map.first + i];
  }
  if (found != nullptr && found->start >> 16U == wanted >> 16U) return static_cast<Verdict>(found->verdict);
  const table_range& first = image.ranges[map.first];
  return first.start >> 16U == PROTOCOL_ANY ? static_cast<Verdict>(first.verdict) : Verdict::kUnknown;
}

TEST(TableImage, SaysWhatTheIntentSays) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomIntent random(seed);
    const KernelIntent intent = random.make({.endpoints = 1 + random.below(40),
                                             .sources = 1 + random.below(400),
                                             .classes = 1 + random.below(30),
                                             .policies = 1 + random.below(20),
                                             .port_maps = 1 + random.below(30)});
    const TableImage image = image_of(intent);
    EXPECT_TRUE(image.left_out.empty());
    for (int i = 0; i < 400; ++i) {
      const KernelEndpoint& endpoint = intent.endpoints[random.below(intent.endpoints.size())];
      const table_endpoint* found = find_endpoint(image, endpoint.addresses.front());
      ASSERT_NE(found, nullptr);
      const IpAddress from = random.source_near(intent);
      const ClassId expected_class = test::class_of(intent, from);
      const std::uint32_t source = find_source(image, from);
      ASSERT_EQ(source & ~TABLE_PUBLIC, expected_class) << from.to_string();
      ASSERT_EQ((source & TABLE_PUBLIC) != 0, test::is_public(intent, expected_class));
      const auto protocol = static_cast<Protocol>(std::vector{6, 17, 58, 132, 47}[random.below(5)]);
      const std::uint16_t port = random.port_near(intent.port_maps[random.below(intent.port_maps.size())]);
      EXPECT_EQ(find_verdict(image, found->policy, expected_class, protocol, port),
                test::verdict_of(intent, endpoint.policy, expected_class, protocol, port));
    }
    EXPECT_EQ(find_endpoint(image, IpAddress::from_halves(random.next(), random.next())), nullptr);
  }
}

// As many endpoints and cells as fit: every one is found, by the rule that the second bucket counts only if the first
// is full.
TEST(TableImage, FindsEverythingWhenItIsFull) {
  KernelIntent intent;
  intent.sources = {{.first = {}, .source = 1}};
  intent.port_maps = {{{.protocol = Protocol::kTcp, .verdict = Verdict::kDeny}},
                      {{.protocol = Protocol::kTcp, .verdict = Verdict::kAllow}}};
  for (ClassId id = 1; id <= 64; ++id) {
    intent.classes.push_back(std::make_shared<const SourceClass>(SourceClass{.id = id, .is_public = true}));
  }
  for (std::uint32_t i = 0; i < 4096; ++i) {
    intent.endpoints.push_back({.endpoint = {.ns = "test", .name = std::to_string(i)},
                                .addresses = {IpAddress::from_halves(0x2001'0db8'0000'0000ULL, i)},
                                .policy = i % 1024});
  }
  for (std::uint32_t i = 0; i < 1024; ++i) {
    KernelPolicy& policy = intent.policies.emplace_back();
    for (ClassId id = 1; id <= 64; ++id) policy.port_map_of_class.set(id, 1);
  }
  const TableImage image = image_of(intent);
  EXPECT_TRUE(image.left_out.empty());
  EXPECT_EQ(image.endpoints.size(), cuckoo_buckets(4096));
  EXPECT_EQ(image.cells.size(), cuckoo_buckets(65'536));
  for (const KernelEndpoint& endpoint : intent.endpoints) {
    const table_endpoint* found = find_endpoint(image, endpoint.addresses.front());
    ASSERT_NE(found, nullptr);
    for (ClassId id = 1; id <= 64; ++id)
      ASSERT_EQ(find_verdict(image, found->policy, id, Protocol::kTcp, 1), Verdict::kAllow);
    ASSERT_EQ(find_verdict(image, found->policy, 65, Protocol::kTcp, 1), Verdict::kDeny);
  }
}

KernelIntent small_intent() {
  RandomIntent random(3);
  return random.make({.endpoints = 4, .sources = 20, .classes = 5, .policies = 4, .port_maps = 4});
}

TEST(TableImage, FiltersOutNearlyEveryAddressButNoEndpoints) {
  KernelIntent intent;
  for (std::uint32_t i = 0; i < 250; ++i) {
    intent.endpoints.push_back({.endpoint = {.kind = EndpointKind::kPod, .ns = "shop", .name = std::to_string(i)},
                                .addresses = {IpAddress::from_halves(0x20010db8'00010000, i + 1)},
                                .policy = 0});
  }
  const TableImage image = image_of(intent);
  const auto passes = [&](std::uint64_t hi, std::uint64_t lo) {
    const std::uint32_t bit = filter_bit(hi, lo, image.seed);
    return (image.filter[bit / 64] >> bit % 64 & 1U) != 0;
  };
  for (std::uint64_t i = 1; i <= 250; ++i) EXPECT_TRUE(passes(0x20010db8'00010000, i));
  int others = 0;
  for (std::uint64_t i = 1; i <= 10'000; ++i) others += passes(0x20010db8'00020000, i * 0x1234567) ? 1 : 0;
  EXPECT_LT(others, 200);
}

TEST(TableImage, LeavesOutTheAddressBeyondTheLimitAndNamesIt) {
  KernelIntent intent = small_intent();
  for (std::size_t i = 0; i < intent.endpoints.size(); ++i) {
    intent.endpoints[i].addresses = {IpAddress::from_halves(0x2001'0db8'0000'0000ULL, i)};
  }
  TableLimits limits = kRoomy;
  limits.endpoints = 4;
  EXPECT_TRUE(image_of(intent, limits).left_out.empty());
  limits.endpoints = 3;
  const TableImage image = image_of(intent, limits);
  EXPECT_EQ(image.left_out, std::vector<std::string>{"address 2001:db8::3 of test/pod3"});
  EXPECT_EQ(find_endpoint(image, intent.endpoints[3].addresses.front()), nullptr);
  EXPECT_NE(find_endpoint(image, intent.endpoints[2].addresses.front()), nullptr);
}

TEST(TableImage, MakesSourcesBeyondTheLimitUnknown) {
  const KernelIntent intent = small_intent();
  const std::size_t ranges = image_of(intent).sources.size();
  TableLimits limits = kRoomy;
  limits.source_ranges = static_cast<std::uint32_t>(ranges);
  EXPECT_TRUE(image_of(intent, limits).left_out.empty());
  limits.source_ranges = static_cast<std::uint32_t>(ranges - 1);
  const TableImage image = image_of(intent, limits);
  EXPECT_EQ(image.left_out.size(), 1U);
  EXPECT_EQ(image.sources.size(), ranges - 1);
  EXPECT_EQ(find_source(image, IpAddress::from_halves(~0ULL, ~0ULL)), TABLE_NO_CLASS);
  EXPECT_NE(find_source(image, IpAddress{}), TABLE_NO_CLASS);
}

TEST(TableImage, MakesAPolicyWhoseCellIsLeftOutUnknownByDefault) {
  const auto source = [](ClassId id, std::string name) {
    return std::make_shared<const SourceClass>(SourceClass{.id = id, .name = std::move(name), .is_public = true});
  };
  KernelIntent intent;
  intent.endpoints = {
      {.endpoint = {.ns = "shop", .name = "db"}, .addresses = {IpAddress::from_halves(1, 1)}, .policy = 0}};
  intent.sources = {{.first = {}, .source = 1}};
  intent.classes = {source(1, "world"), source(2, "2001:db8:1::/48"), source(3, "2001:db8:2::/48")};
  intent.port_maps = {{{.protocol = Protocol::kTcp, .verdict = Verdict::kAllow}},
                      {{.protocol = Protocol::kTcp, .verdict = Verdict::kDeny}}};
  intent.policies = {{.default_port_map = 0, .port_map_of_class = {{2, 1}, {3, 1}}}};
  TableLimits limits = kRoomy;
  limits.cells = 2;
  EXPECT_EQ(find_verdict(image_of(intent, limits), 0, 1, Protocol::kTcp, 1), Verdict::kAllow);
  limits.cells = 1;
  const TableImage image = image_of(intent, limits);
  EXPECT_EQ(image.left_out, std::vector<std::string>{"class 2001:db8:2::/48 of shop/db"});
  EXPECT_EQ(find_verdict(image, 0, 2, Protocol::kTcp, 1), Verdict::kDeny);
  EXPECT_EQ(find_verdict(image, 0, 3, Protocol::kTcp, 1), Verdict::kUnknown) << "never the default, which allows";
  EXPECT_EQ(find_verdict(image, 0, 1, Protocol::kTcp, 1), Verdict::kUnknown);
}

TEST(TableImage, MakesAPortMapThatDoesNotFitUnknown) {
  KernelIntent intent = small_intent();
  intent.policies = {{.default_port_map = 0}};
  for (KernelEndpoint& endpoint : intent.endpoints) endpoint.policy = 0;
  const std::size_t ranges = image_of(intent).ranges.size();
  TableLimits limits = kRoomy;
  limits.port_ranges = static_cast<std::uint32_t>(ranges);
  EXPECT_TRUE(image_of(intent, limits).left_out.empty());
  limits.port_ranges = static_cast<std::uint32_t>(ranges - 1);
  const TableImage image = image_of(intent, limits);
  EXPECT_EQ(image.left_out.size(), 1U);
  EXPECT_EQ(find_verdict(image, 0, 1, Protocol::kTcp, 1), Verdict::kUnknown);
}

TEST(TableImage, TellsOfAnAddressThatTwoEndpointsHold) {
  KernelIntent intent = small_intent();
  intent.endpoints[1].addresses = intent.endpoints[0].addresses;
  const TableImage image = image_of(intent);
  ASSERT_FALSE(image.left_out.empty());
  EXPECT_TRUE(image.left_out.front().ends_with("of test/pod1, which test/pod0 holds"));
}

TEST(TableImage, KeepsIpv4OutOfTheTables) {
  KernelIntent intent = small_intent();
  const std::size_t before = intent.endpoints[0].addresses.size();
  intent.endpoints[0].addresses.push_back(IpAddress::parse("10.0.0.1").value());
  const TableImage image = image_of(intent);
  EXPECT_TRUE(image.left_out.empty());
  EXPECT_GT(before, 0U);
  EXPECT_EQ(find_endpoint(image, IpAddress::parse("10.0.0.1").value()), nullptr);
}

TEST(TableImage, MakesUnknownWhatTheIntentDoesNotHold) {
  KernelIntent intent = small_intent();
  intent.classes.clear();
  intent.endpoints[0].policy = 99;
  const TableImage image = image_of(intent);
  EXPECT_FALSE(image.left_out.empty());
  EXPECT_EQ(find_source(image, IpAddress{}), TABLE_NO_CLASS);
  EXPECT_EQ(
      find_verdict(image, find_endpoint(image, intent.endpoints[0].addresses.front())->policy, 1, Protocol::kTcp, 1),
      Verdict::kUnknown);
}

TEST(TableImage, MakesAClassUnknownWhoseIdNoWordCanTell) {
  KernelIntent intent;
  for (const ClassId id : {TABLE_CLASS_IDS - 1, TABLE_CLASS_IDS})
    intent.classes.push_back(
        std::make_shared<const SourceClass>(SourceClass{.id = id, .name = "far", .is_public = true}));
  intent.sources = {{.first = {}, .source = TABLE_CLASS_IDS - 1},
                    {.first = IpAddress::from_halves(1, 0), .source = TABLE_CLASS_IDS}};
  const TableImage image = image_of(intent);
  EXPECT_EQ(find_source(image, IpAddress{}), (TABLE_CLASS_IDS - 1) | TABLE_PUBLIC);
  EXPECT_EQ(find_source(image, IpAddress::from_halves(1, 0)), TABLE_NO_CLASS);
  EXPECT_EQ(image.left_out.size(), 1U);
}

TEST(TableImage, OfAnEmptyIntentHoldsNothing) {
  const TableImage image = image_of({});
  EXPECT_TRUE(image.left_out.empty());
  EXPECT_EQ(find_endpoint(image, IpAddress{}), nullptr);
  EXPECT_EQ(find_source(image, IpAddress::from_halves(~0ULL, 1)), TABLE_NO_CLASS);
}

}  // namespace
}  // namespace sextant::datapath
