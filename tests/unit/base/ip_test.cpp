#include "agent/base/ip.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace sextant {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

std::vector<std::string> strings(const std::vector<Prefix>& prefixes) {
  std::vector<std::string> texts;
  for (const Prefix& p : prefixes) texts.push_back(p.to_string());
  return texts;
}
using Strings = std::vector<std::string>;

// RFC 5952, sections 4 and 5.
TEST(IpAddress, PrintsAsRfc5952Says) {
  const std::pair<const char*, const char*> cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:DB8::ABCD", "2001:db8::abcd"},
      {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::192.0.2.1", "::c000:201"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"192.0.2.1", "192.0.2.1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& [written, printed] : cases) EXPECT_EQ(ip(written).to_string(), printed) << written;
}

TEST(IpAddress, ReadsWhatItPrints) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Groups of zeros are likely, so that every place of "::" comes up.
    IpAddress a;
    for (std::size_t group = 0; group < 8; ++group) {
      if (random() % 2 == 0) continue;
      a.bytes[2 * group] = static_cast<std::uint8_t>(random());
      a.bytes[2 * group + 1] = static_cast<std::uint8_t>(random());
    }
    EXPECT_EQ(ip(a.to_string()), a) << a.to_string();
  }
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"",
                                      " ",
                                      "x",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "::12345",
                                      "fe80::1%eth0",
                                      "[::1]",
                                      "::1/128",
                                      " ::1",
                                      "::1 ",
                                      "::g",
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa"}) {
    const auto parsed = IpAddress::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().what, "'" + std::string(text) + "' is no IP address");
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("::1\0.2", 6)));
}

TEST(IpAddress, KnowsWhatKindItIs) {
  EXPECT_TRUE(ip("10.0.0.1").is_v4());
  EXPECT_FALSE(ip("::10.0.0.1").is_v4());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_TRUE(ip("127.9.9.9").is_loopback());
  EXPECT_FALSE(ip("::2").is_loopback());
  EXPECT_FALSE(ip("128.0.0.1").is_loopback());
  EXPECT_TRUE(ip("::").is_unspecified());
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_FALSE(ip("0.0.0.1").is_unspecified());
  EXPECT_TRUE(ip("fe80::1").is_link_local());
  EXPECT_TRUE(ip("febf:ffff::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  EXPECT_TRUE(ip("169.254.1.1").is_link_local());
  EXPECT_FALSE(ip("169.253.1.1").is_link_local());
  EXPECT_TRUE(ip("fc00::").is_unique_local());
  EXPECT_TRUE(ip("fdff::1").is_unique_local());
  EXPECT_FALSE(ip("fe00::1").is_unique_local());
  EXPECT_TRUE(ip("ff02::1").is_multicast());
  EXPECT_TRUE(ip("239.255.255.255").is_multicast());
  EXPECT_FALSE(ip("240.0.0.0").is_multicast());
  EXPECT_TRUE(ip("2000::").is_global_unicast());
  EXPECT_TRUE(ip("2001:db8::1").is_global_unicast());
  EXPECT_TRUE(ip("3fff:ffff::1").is_global_unicast());
  EXPECT_FALSE(ip("4000::").is_global_unicast());
  EXPECT_FALSE(ip("1fff::").is_global_unicast());
  EXPECT_FALSE(ip("8.8.8.8").is_global_unicast());
}

TEST(IpAddress, HasNeighboursThatWrapRound) {
  EXPECT_EQ(ip("::ffff:ffff:ffff:ffff").next(), ip("0:0:0:1::"));
  EXPECT_EQ(ip("0:0:0:1::").previous(), ip("::ffff:ffff:ffff:ffff"));
  EXPECT_EQ(kAllV6.last().next(), ip("::"));
  EXPECT_EQ(ip("::").previous(), kAllV6.last());
  EXPECT_EQ(ip("10.255.255.255").next(), ip("11.0.0.0"));
}

TEST(IpAddress, IsMadeOfItsHalves) {
  const IpAddress a = ip("2001:db8:1:2:3:4:5:6");
  EXPECT_EQ(a.high(), 0x2001'0db8'0001'0002U);
  EXPECT_EQ(a.low(), 0x0003'0004'0005'0006U);
  EXPECT_EQ(IpAddress::from_halves(a.high(), a.low()), a);
}

TEST(Prefix, ContainsItsOwnFirstAndLastAddressAndNotTheirOuterNeighbours) {
  for (unsigned length = 1; length <= 128; ++length) {
    const Prefix p = Prefix::masked(ip("2001:db8:a5a5:5a5a:a5a5:5a5a:a5a5:5a5a"), static_cast<std::uint8_t>(length));
    EXPECT_TRUE(p.contains(p.first())) << p.to_string();
    EXPECT_TRUE(p.contains(p.last())) << p.to_string();
    EXPECT_FALSE(p.contains(p.first().previous())) << p.to_string();
    EXPECT_FALSE(p.contains(p.last().next())) << p.to_string();
  }
}

TEST(Prefix, OfLengthZeroContainsEverything) {
  EXPECT_TRUE(kAllV6.contains(ip("::")));
  EXPECT_TRUE(kAllV6.contains(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
  EXPECT_TRUE(kAllV6.contains(ip("1.2.3.4")));
  EXPECT_TRUE(kAllV4.contains(ip("255.255.255.255")));
  EXPECT_FALSE(kAllV4.contains(ip("::1")));
  EXPECT_EQ(kAllV6.last(), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(Prefix, ContainsPrefixesAsLongAsItself) {
  EXPECT_TRUE(prefix("2001:db8::/32").contains(prefix("2001:db8::/32")));
  EXPECT_TRUE(prefix("2001:db8::/32").contains(prefix("2001:db8:1::/48")));
  EXPECT_FALSE(prefix("2001:db8::/32").contains(prefix("2001:db8::/31")));
  EXPECT_FALSE(prefix("2001:db8::/32").contains(prefix("2001:db9::/48")));
}

TEST(Prefix, PrintsItsLengthAlways) {
  EXPECT_EQ(prefix("2001:db8::/32").to_string(), "2001:db8::/32");
  EXPECT_EQ(prefix("2001:db8::1").to_string(), "2001:db8::1/128");
  EXPECT_EQ(prefix("10.1.2.3").to_string(), "10.1.2.3/32");
  EXPECT_EQ(prefix("10.0.0.0/8").to_string(), "10.0.0.0/8");
  EXPECT_EQ(prefix("10.0.0.0/8").length, 104);
  EXPECT_EQ(kAllV4.to_string(), "0.0.0.0/0");
  EXPECT_EQ(kAllV6.to_string(), "::/0");
  EXPECT_EQ(kGlobalUnicast.to_string(), "2000::/3");
  EXPECT_FALSE(kAllV6.is_v4());
  EXPECT_TRUE(kAllV4.is_v4());
}

TEST(Prefix, ClearsHostBitsAndSaysSo) {
  bool had = false;
  EXPECT_EQ(Prefix::parse("2001:db8::1/32", &had).value(), prefix("2001:db8::/32"));
  EXPECT_TRUE(had);
  EXPECT_EQ(Prefix::parse("2001:db8::/32", &had).value(), prefix("2001:db8::/32"));
  EXPECT_FALSE(had);
  EXPECT_EQ(Prefix::parse("10.1.2.3/8", &had).value().to_string(), "10.0.0.0/8");
  EXPECT_TRUE(had);
  EXPECT_TRUE(Prefix::parse("2001:db8::1", &had));
  EXPECT_FALSE(had);
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "/", "/64", "::/", "::/129", "::/-1", "::/+1", "::/064", "::/ 64", "::/64 ",
                                      "::/6x", "::/64/64", "10.0.0.0/33", "10.0.0.0/", "x/64", "::/99999999999"}) {
    const auto parsed = Prefix::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(parsed.error().what.starts_with("'" + std::string(text) + "' is no prefix")) << parsed.error().what;
  }
  EXPECT_TRUE(Prefix::parse("10.0.0.0/32"));
  EXPECT_TRUE(Prefix::parse("::/128"));
}

TEST(Cover, IsTheRangeItself) {
  EXPECT_EQ(strings(cover(ip("2001:db8::"), ip("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))), Strings{"2001:db8::/32"});
  EXPECT_EQ(strings(cover(ip("::"), kAllV6.last())), Strings{"::/0"});
  EXPECT_EQ(strings(cover(ip("::1"), ip("::1"))), Strings{"::1/128"});
  EXPECT_EQ(strings(cover(ip("::1"), ip("::6"))), (Strings{"::1/128", "::2/127", "::4/127", "::6/128"}));
  EXPECT_EQ(strings(cover(ip("10.0.0.1"), ip("10.0.0.3"))), (Strings{"10.0.0.1/32", "10.0.0.2/31"}));
  EXPECT_TRUE(cover(ip("::2"), ip("::1")).empty());
  EXPECT_EQ(cover(ip("::1"), kAllV6.last()).size(), 128U);
  EXPECT_EQ(cover(ip("::"), kAllV6.last().previous()).size(), 128U);
}

TEST(Subtract, LeavesTheInternetButForOneSite) {
  const auto left = subtract(kGlobalUnicast, {prefix("2001:db8:100::/48")});
  EXPECT_EQ(left.size(), 45U);
  EXPECT_EQ(strings(subtract(prefix("2001:db8::/30"), {prefix("2001:db8::/32")})),
            (Strings{"2001:db9::/32", "2001:dba::/31"}));
}

TEST(Subtract, KnowsHolesOfEverySize) {
  EXPECT_TRUE(subtract(prefix("2001:db8::/32"), {prefix("2001:db8::/32")}).empty());
  EXPECT_TRUE(subtract(prefix("2001:db8::/32"), {kAllV6}).empty());
  EXPECT_EQ(strings(subtract(prefix("2001:db8::/32"), {})), Strings{"2001:db8::/32"});
  EXPECT_EQ(strings(subtract(prefix("2001:db8::/32"), {prefix("2001:db9::/32")})), Strings{"2001:db8::/32"});
  EXPECT_TRUE(subtract(kAllV6, {prefix("::/1"), prefix("8000::/1")}).empty());
  EXPECT_EQ(strings(subtract(prefix("::/126"), {prefix("::1/128"), prefix("::1/128"), prefix("::3/128")})),
            (Strings{"::/128", "::2/128"}));
}

TEST(Minimize, MergesNeighboursAndDropsWhatIsContained) {
  EXPECT_EQ(strings(minimize({prefix("2001:db9::/32"), prefix("2001:db8::/32")})), Strings{"2001:db8::/31"});
  EXPECT_EQ(strings(minimize({prefix("2001:db8:1::/48"), prefix("2001:db8::/32")})), Strings{"2001:db8::/32"});
  EXPECT_EQ(strings(minimize({prefix("2001:db9::/32"), prefix("2001:dba::/32")})),
            (Strings{"2001:db9::/32", "2001:dba::/32"}));
  EXPECT_EQ(strings(minimize({prefix("8000::/1"), prefix("::/1"), prefix("::/1")})), Strings{"::/0"});
  EXPECT_EQ(strings(minimize({prefix("8000::/1"), kAllV6, prefix("ffff::/16")})), Strings{"::/0"});
  EXPECT_TRUE(minimize({}).empty());
}

// The last six bits of an address make a universe that can be counted out.
class SmallUniverse {
 public:
  static constexpr unsigned kSize = 64;
  explicit SmallUniverse(unsigned seed, bool v4, bool top) : random_(seed) {
    base_ = v4 ? ip("10.0.0.64") : (top ? kAllV6.last() : ip("2001:db8::"));
    base_ = Prefix::masked(base_, 122).address;
  }

  IpAddress at(unsigned i) const { return IpAddress::from_halves(base_.high(), base_.low() + i); }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  Prefix any_prefix() { return Prefix::masked(at(below(kSize)), static_cast<std::uint8_t>(122 + below(7))); }
  std::vector<Prefix> some_prefixes() {
    std::vector<Prefix> prefixes(below(8));
    for (Prefix& p : prefixes) p = any_prefix();
    return prefixes;
  }
  std::set<unsigned> members(const std::vector<Prefix>& prefixes) const {
    std::set<unsigned> found;
    for (unsigned i = 0; i < kSize; ++i) {
      if (std::ranges::any_of(prefixes, [&](const Prefix& p) { return p.contains(at(i)); })) found.insert(i);
    }
    return found;
  }

  // The fewest prefixes with these members: each largest block that is wholly inside is one of them.
  std::size_t fewest(const std::set<unsigned>& wanted, unsigned first = 0, unsigned size = kSize) const {
    unsigned inside = 0;
    for (unsigned i = first; i < first + size; ++i) inside += static_cast<unsigned>(wanted.contains(i));
    if (inside == 0) return 0;
    if (inside == size) return 1;
    return fewest(wanted, first, size / 2) + fewest(wanted, first + size / 2, size / 2);
  }

 private:
  std::mt19937 random_;
  IpAddress base_{};
};

class PrefixSets : public testing::TestWithParam<std::pair<bool, bool>> {
 protected:
  static constexpr int kRounds = 3'000;
  SmallUniverse universe_{7, GetParam().first, GetParam().second};

  void expect_exact(const std::vector<Prefix>& got, const std::set<unsigned>& wanted) {
    EXPECT_EQ(universe_.members(got), wanted);
    EXPECT_EQ(got.size(), universe_.fewest(wanted));
    EXPECT_TRUE(std::ranges::is_sorted(got));
  }
};

TEST_P(PrefixSets, MinimizeKeepsTheAddressesInTheFewestPrefixes) {
  for (int i = 0; i < kRounds; ++i) {
    const auto prefixes = universe_.some_prefixes();
    expect_exact(minimize(prefixes), universe_.members(prefixes));
  }
}

TEST_P(PrefixSets, SubtractLeavesExactlyWhatNoHoleHolds) {
  for (int i = 0; i < kRounds; ++i) {
    const Prefix from = universe_.any_prefix();
    const auto holes = universe_.some_prefixes();
    auto wanted = universe_.members({from});
    for (const unsigned hole : universe_.members(holes)) wanted.erase(hole);
    expect_exact(subtract(from, holes), wanted);
  }
}

TEST_P(PrefixSets, CoverIsExactAndMinimal) {
  for (unsigned first = 0; first < SmallUniverse::kSize; ++first) {
    for (unsigned last = first; last < SmallUniverse::kSize; ++last) {
      std::set<unsigned> wanted;
      for (unsigned i = first; i <= last; ++i) wanted.insert(i);
      expect_exact(cover(universe_.at(first), universe_.at(last)), wanted);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Universes, PrefixSets,
                         testing::Values(std::pair{false, false}, std::pair{false, true}, std::pair{true, false}));

// The largest prefix of a range is the first of the shortest that cover it.
TEST(LargestWithin, OfAllAddressesButTheFirstIsTheUpperHalf) {
  const IpAddress one = IpAddress::from_halves(0, 1), last = IpAddress::from_halves(~0ULL, ~0ULL);
  EXPECT_EQ(largest_within(one, last), Prefix::parse("8000::/1").value());
  EXPECT_EQ(largest_within(IpAddress{}, last), Prefix{});
}

TEST(LargestWithin, IsTheFirstOfTheShortestThatCoverTheRange) {
  const std::vector<std::pair<std::string_view, std::string_view>> ranges{
      {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::", "::"},
      {"::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
      {"2001:db8::", "2001:db8::ff"},
      {"2001:db8::1", "2001:db8::fe"},
      {"2001:db8::ff", "2001:db8::100"},
      {"2001:db8:0:1::", "2001:db8:1::"},
      {"::fffe:ffff:ffff", "::1:0:0:0"}};
  for (const auto& [first, last] : ranges) {
    const IpAddress low = IpAddress::parse(first).value(), high = IpAddress::parse(last).value();
    const std::vector<Prefix> all = cover(low, high);
    EXPECT_EQ(largest_within(low, high), *std::ranges::min_element(all, {}, &Prefix::length)) << first << " " << last;
  }
}

}  // namespace
}  // namespace sextant
