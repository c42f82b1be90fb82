#include "agent/audit/difference.h"

#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit {
namespace {

using lint::testing::kDb;
using lint::testing::kNode;

std::string policy(const std::string& ingress) {
  return "\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
         "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [" +
         ingress + "]}\n";
}
std::string cidr(const std::string& prefix, const std::string& port) {
  return "{fromCIDR: ['" + prefix + "'], toPorts: [{ports: [{port: '" + port + "', protocol: TCP}]}]}";
}

// The pod db before and after.
struct Two {
  Two(const std::string& old_one, const std::string& new_one)
      : worlds{lint::testing::world_of(kNode + kDb + old_one), lint::testing::world_of(kNode + kDb + new_one)} {}

  std::vector<VerdictChange> changes() const { return compare(pairs, *intent(before), *intent(after)); }
  bool same() const { return same_verdicts(pairs, *intent(before), *intent(after)); }
  static std::shared_ptr<const EndpointIntent> intent(const policy::Engine& engine) {
    return engine.intent({.kind = EndpointKind::kPod, .ns = "shop", .name = "db"});
  }

  World worlds[2];
  policy::Engine before{worlds[0], {}};
  policy::Engine after{worlds[1], {}};
  SourcePairs pairs{before, after};
};

TEST(Difference, OfTheSameIsNothing) {
  const std::string office = policy(cidr("2001:db8:100::/48", "443"));
  const Two two(office, office);
  EXPECT_TRUE(two.same());
  EXPECT_TRUE(two.changes().empty());
}

TEST(Difference, OfRulesThatSayTheSameInOtherWordsIsNothing) {
  const Two two(policy(cidr("2001:db8::/32", "443")),
                policy(cidr("2001:db8::/33", "443") + ", " + cidr("2001:db8:8000::/33", "443")));
  EXPECT_TRUE(two.same());
  EXPECT_TRUE(two.changes().empty());
}

TEST(Difference, NamesExactlyTheSourcesAndPorts) {
  const Two two(policy(cidr("2001:db8:100::/48", "443")), policy(cidr("2001:db8::/32", "443")));
  EXPECT_FALSE(two.same());
  const auto changes = two.changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].protocol, Protocol::kTcp);
  EXPECT_EQ(changes[0].first_port, 443);
  EXPECT_EQ(changes[0].last_port, 443);
  EXPECT_EQ(changes[0].before.verdict, Verdict::kDeny);
  EXPECT_EQ(changes[0].after.verdict, Verdict::kAllow);
  const auto& sources = changes[0].sources;
  const auto wide = std::ranges::find(sources, "2001:db8::/32", [](const auto& source) { return source->name; });
  ASSERT_NE(wide, sources.end());
  const SourceClass& source = **wide;
  EXPECT_EQ(source.prefixes, std::vector{Prefix::parse("2001:db8::/32").value()});
  EXPECT_NE(std::ranges::find(source.except, Prefix::parse("2001:db8:100::/48").value()), source.except.end());
  EXPECT_TRUE(Prefix::parse("2001:db8::/32")->contains(source.sample));
  EXPECT_FALSE(Prefix::parse("2001:db8:100::/48")->contains(source.sample));
}

TEST(Difference, OfNeighbouringPortsIsOneRange) {
  const std::string range =
      "{fromCIDR: ['2001:db8::/32'], toPorts: [{ports: [{port: '80', endPort: 90, protocol: TCP}]}]}";
  const std::string more =
      "{fromCIDR: ['2001:db8::/32'], toPorts: [{ports: [{port: '80', endPort: 99, protocol: TCP}]}]}";
  const auto changes = Two(policy(range), policy(more)).changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].first_port, 91);
  EXPECT_EQ(changes[0].last_port, 99);
}

TEST(Difference, GoesBothWays) {
  const Two two(policy(cidr("2001:db8:1::/48", "443")), policy(cidr("2001:db8:2::/48", "443")));
  const auto changes = two.changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_NE(changes[0].after.verdict, changes[1].after.verdict);
}

TEST(Difference, WalksEveryPortOnce) {
  const Two two(policy(cidr("2001:db8:1::/48", "443")), policy(cidr("2001:db8:1::/48", "8443")));
  std::map<std::pair<std::string, Protocol>, std::uint32_t> next;
  walk_cells(two.pairs, *Two::intent(two.before), *Two::intent(two.after),
             [&](const SourcePairs::Pair& pair, const IntentCell& a, const IntentCell& b, std::uint16_t first,
                 std::uint16_t last) {
               EXPECT_EQ(a.protocol, b.protocol);
               auto& port = next[{pair.before->name + "|" + pair.after->name, a.protocol}];
               EXPECT_EQ(port, first) << pair.before->name << " " << to_string(a.protocol);
               port = last + 1U;
               return true;
             });
  EXPECT_FALSE(next.empty());
  for (const auto& [what, port] : next) EXPECT_EQ(port, 65536U) << what.first << " " << to_string(what.second);
}

}  // namespace
}  // namespace sextant::audit
