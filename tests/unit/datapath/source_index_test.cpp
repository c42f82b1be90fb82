#include "agent/datapath/source_index.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

constexpr std::size_t kRoom = 1U << 20U;
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kSlash19 = 0x2a00'0000'0000'0000;  // 2a00::/19, one bucket

struct Address {
  std::uint64_t hi = 0, lo = 0;
  auto operator<=>(const Address&) const = default;
};

Address start_of(const table_source& range) { return {.hi = range.hi, .lo = range.lo}; }

Address next(Address a) { return {.hi = a.hi + (a.lo == kLast ? 1 : 0), .lo = a.lo + 1}; }
Address previous(Address a) { return {.hi = a.hi - (a.lo == 0 ? 1 : 0), .lo = a.lo - 1}; }

std::uint32_t by_ranges(const std::vector<table_source>& sources, Address address) {
  const auto after = std::ranges::upper_bound(sources, address, {}, start_of);
  return after == sources.begin() ? TABLE_NO_CLASS : std::prev(after)->word;
}

// The way of bpf/verdict.h.
std::uint32_t by_index(const SourceIndex& index, const std::vector<table_source>& sources, Address address) {
  const table_bucket& bucket = index.buckets[source_bucket(address.hi)];
  if (bucket.how == BUCKET_ONE) return bucket.first;
  if (bucket.how >= BUCKET_SEARCH) {
    const auto first = sources.begin() + bucket.first;
    return by_ranges({first, first + (bucket.how - BUCKET_SEARCH) + 1}, address);
  }
  const std::uint32_t start = source_start(address.hi);
  const table_part& part = index.parts[bucket.first + (std::uint64_t{start} >> bucket.how)];
  std::uint32_t number = part.first;
  while (number < part.last && index.blocks[number + 1].start[0] <= start) ++number;
  const table_block& block = index.blocks[number];
  const auto at = std::ranges::count_if(block.start, [&](std::uint32_t s) { return s <= start; }) - 1;
  return block.word[at] == TABLE_FINER ? by_ranges(sources, address) : block.word[at];
}

// Ranges that begin at these addresses, each of another class.
std::vector<table_source> ranges_from(std::vector<Address> starts) {
  starts.emplace_back();
  std::ranges::sort(starts);
  const auto [from, to] = std::ranges::unique(starts);
  starts.erase(from, to);
  std::vector<table_source> sources;
  for (const Address& start : starts)
    sources.push_back({.hi = start.hi, .lo = start.lo, .word = static_cast<std::uint32_t>(sources.size()), .pad = 0});
  return sources;
}

void expect_agreement(const std::vector<table_source>& sources, const SourceIndex& index, std::mt19937_64& random) {
  const auto agree = [&](Address address) {
    ASSERT_EQ(by_index(index, sources, address), by_ranges(sources, address))
        << std::hex << address.hi << ":" << address.lo;
  };
  for (const table_source& range : sources) {
    agree(start_of(range));
    agree(next(start_of(range)));
    agree(previous(start_of(range)));
    agree({.hi = range.hi | 0x1fff, .lo = kLast});
    agree({.hi = (range.hi | 0x1fff) + 1, .lo = 0});
    agree({.hi = range.hi, .lo = random()});
  }
  for (int i = 0; i < 2'000; ++i) agree({.hi = random(), .lo = random()});
  for (int i = 0; i < 2'000; ++i) agree({.hi = kSlash19 | (random() >> 19U), .lo = random()});
}

void expect_agreement(const std::vector<table_source>& sources) {
  std::mt19937_64 random(7);
  expect_agreement(sources, make_source_index(sources, kRoom, kRoom), random);
}

// Starts in 2a00::/19 whose first halves have no more than `bits` bits, and their ends; `far` in a hundred lie
// anywhere.
std::vector<Address> starts_of(std::size_t count, unsigned bits, bool of_hosts, unsigned far, std::mt19937_64& random) {
  std::vector<Address> starts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t drawn = random();
    const std::uint64_t mask = bits == 64 ? kLast : ~(kLast >> bits);
    const std::uint64_t hi = (random() % 100 < far ? drawn : kSlash19 | (drawn >> 19U)) & mask;
    const Address start{.hi = hi, .lo = of_hosts ? random() : 0};
    starts.push_back(start);
    starts.push_back(of_hosts ? next(start) : Address{.hi = hi + (kLast >> bits) + 1, .lo = 0});
  }
  return starts;
}

TEST(SourceIndex, AgreesWithTheRangesWhateverTheirLengths) {
  std::mt19937_64 random(11);
  for (const unsigned bits : {20U, 24U, 32U, 44U, 48U, 50U, 51U, 52U, 56U, 63U}) {
    for (const std::size_t count : {1U, 2U, 3U, 8U, 9U, 100U, 3'000U}) {
      SCOPED_TRACE(std::to_string(count) + " /" + std::to_string(bits));
      const auto sources = ranges_from(starts_of(count, bits, false, 10, random));
      expect_agreement(sources, make_source_index(sources, kRoom, kRoom), random);
    }
  }
}

TEST(SourceIndex, TellsHostsApart) {
  std::mt19937_64 random(13);
  for (const unsigned bits : {32U, 51U, 64U}) {
    const auto sources = ranges_from(starts_of(2'000, bits, true, 10, random));
    expect_agreement(sources, make_source_index(sources, kRoom, kRoom), random);
  }
}

TEST(SourceIndex, TellsApartWhatMeetsAtAStart) {
  const std::uint64_t start = kSlash19 | 0x1'2345'6000;
  const std::uint64_t next_start = start + 0x2000;
  // Finer ranges before, at and behind a start that is told, and in the start next to it.
  expect_agreement(ranges_from({{start, 1}, {start, 2}, {start + 1, 0}, {next_start, 0}, {next_start, 5}}));
  expect_agreement(ranges_from({{start - 1, 9}, {start, 0}, {start + 0x1fff, kLast}, {next_start, 0}}));
  expect_agreement(ranges_from({{start, 1}, {next_start, 1}, {next_start + 0x2000, 1}, {next_start + 0x4000, 0}}));
}

TEST(SourceIndex, HoldsAtTheEndsOfABucketAndOfAllAddresses) {
  const std::uint64_t last = kSlash19 | (kLast >> 19U);
  expect_agreement(
      ranges_from({{kSlash19, 0}, {kSlash19, 1}, {last, 0}, {last, kLast}, {last + 1, 0}, {last - 0x1fff, 0}}));
  expect_agreement(ranges_from({{0x1fff'ffff'ffff'ffff, kLast},
                                {1ULL << 61U, 0},
                                {(1ULL << 62U) - 1, kLast},
                                {1ULL << 62U, 0},
                                {kLast, kLast}}));
}

TEST(SourceIndex, NeedsNoBlocksWhereRangesAreFew) {
  const auto sources = ranges_from({{kSlash19, 0}, {kSlash19 + (1ULL << 32U), 0}, {kSlash19 + (1ULL << 40U), 0}});
  const SourceIndex index = make_source_index(sources, kRoom, kRoom);
  EXPECT_TRUE(index.blocks.empty());
  EXPECT_TRUE(index.parts.empty());
  expect_agreement(sources);
}

TEST(SourceIndex, AnswersTheSameWithoutRoom) {
  std::mt19937_64 random(17);
  const auto sources = ranges_from(starts_of(3'000, 48, false, 50, random));
  const SourceIndex whole = make_source_index(sources, kRoom, kRoom);
  ASSERT_GT(whole.blocks.size(), 300U);
  const SourceIndex just_fits = make_source_index(sources, whole.parts.size(), whole.blocks.size());
  EXPECT_EQ(just_fits.blocks.size(), whole.blocks.size());
  for (const auto& [parts, blocks] : {std::pair{whole.parts.size() - 1, kRoom},
                                      std::pair{kRoom, whole.blocks.size() - 1}, std::pair{kRoom, std::size_t{0}}}) {
    const SourceIndex index = make_source_index(sources, parts, blocks);
    EXPECT_LE(index.parts.size(), parts);
    EXPECT_LE(index.blocks.size(), blocks);
    EXPECT_LT(index.blocks.size(), whole.blocks.size());
    expect_agreement(sources, index, random);
  }
}

TEST(SourceIndex, OfNoRangesSaysNothing) {
  const SourceIndex index = make_source_index({}, kRoom, kRoom);
  EXPECT_EQ(by_index(index, {}, {.hi = kSlash19, .lo = 1}), TABLE_NO_CLASS);
}

}  // namespace
}  // namespace sextant::datapath
