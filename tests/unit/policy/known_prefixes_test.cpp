#include "agent/policy/known_prefixes.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

std::vector<std::string> covering(const KnownPrefixes& known, std::string_view address) {
  std::vector<std::string> texts;
  for (const auto* entry : known.covering(IpAddress::parse(address).value())) texts.push_back(entry->first.to_string());
  return texts;
}

CidrGroup group(std::string_view name, std::string_view prefixes, Symbols& symbols, std::string_view labels = "") {
  return read_cidr_group(std::get<PolicyObject>(test::object(test::group(name, prefixes, labels))), kNewestRelease,
                         symbols);
}

TEST(KnownPrefixes, AreFoundTheLongestFirst) {
  KnownPrefixes known;
  for (const auto* text : {"2001:db8::/32", "2001:db8::/48", "2001:db8::1/128", "2001::/16"}) {
    known.add_policy_prefix(prefix(text));
  }
  EXPECT_EQ(covering(known, "2001:db8::1"),
            (std::vector<std::string>{"2001:db8::1/128", "2001:db8::/48", "2001:db8::/32", "2001::/16"}));
  EXPECT_EQ(covering(known, "2001:db9::1"), (std::vector<std::string>{"2001::/16"}));
  EXPECT_TRUE(covering(known, "2002::1").empty());
  const IpAddress address = IpAddress::parse("2001:db8::1").value();
  EXPECT_EQ(known.longest(address)->first.to_string(), covering(known, "2001:db8::1").front());
  EXPECT_EQ(known.longest(address, 17)->first.to_string(), "2001::/16");
  EXPECT_EQ(known.longest(address, 16), nullptr);
}

TEST(KnownPrefixes, StayUntilTheLastThatNamesThemIsGone) {
  KnownPrefixes known;
  known.add_policy_prefix(prefix("2001:db8::/32"));
  known.add_policy_prefix(prefix("2001:db8::/32"));
  known.remove_policy_prefix(prefix("2001:db8::/32"));
  EXPECT_EQ(known.all().size(), 1u);
  known.remove_policy_prefix(prefix("2001:db8::/32"));
  EXPECT_TRUE(known.all().empty());
  EXPECT_TRUE(covering(known, "2001:db8::1").empty());
  known.remove_policy_prefix(prefix("2001:db8::/32"));  // one too many does no harm
}

TEST(KnownPrefixes, KeepTheFamiliesApart) {
  KnownPrefixes known;
  known.add_policy_prefix(prefix("::/1"));
  known.add_policy_prefix(prefix("10.0.0.0/8"));
  EXPECT_EQ(covering(known, "10.0.0.1"), (std::vector<std::string>{"10.0.0.0/8"}));
  EXPECT_EQ(covering(known, "::1"), (std::vector<std::string>{"::/1"}));
}

TEST(KnownPrefixes, DoNotCountWholeFamilies) {
  KnownPrefixes known;
  known.add_policy_prefix(prefix("::/0"));
  known.add_policy_prefix(prefix("0.0.0.0/0"));
  EXPECT_TRUE(known.all().empty());
}

TEST(KnownPrefixes, HaveTheLabelsOfTheirGroups) {
  Symbols symbols;
  KnownPrefixes known;
  const CidrGroup a = group("a", "'2001:db8::/32', '::/0'", symbols, "trust: low");
  const CidrGroup b = group("b", "'2001:db8::/32'", symbols);
  known.add_group(a);
  known.add_group(b);
  EXPECT_EQ(known.all().at(prefix("2001:db8::/32")).groups.size(), 2u);
  EXPECT_FALSE(known.zero_group_labels(false).empty());
  EXPECT_TRUE(known.zero_group_labels(true).empty());
  known.remove_group(a);
  EXPECT_EQ(known.all().at(prefix("2001:db8::/32")).groups.size(), 1u);
  EXPECT_TRUE(known.zero_group_labels(false).empty());
  known.remove_group(b);
  EXPECT_TRUE(known.all().empty());
}

TEST(CidrGroup, TellsWhatIsNoPrefix) {
  Symbols symbols;
  const CidrGroup read = group("a", "'2001:db8::/32', x, '2001:db8::1'", symbols);
  EXPECT_EQ(read.prefixes.size(), 1u);
  EXPECT_EQ(read.notes,
            (std::vector<std::string>{"spec.externalCIDRs[1]: 'x' is no prefix and has no effect",
                                      "spec.externalCIDRs[2]: '2001:db8::1' is no prefix and has no effect"}));
}

}  // namespace
}  // namespace sextant::policy
