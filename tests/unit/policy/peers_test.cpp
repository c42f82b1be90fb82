#include "agent/policy/peers.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::knp;
using test::parsed;
using test::pod;
using test::Scene;

std::string from(std::string_view members) {
  return cnp("shop/db", "endpointSelector: {}, ingress: [{" + std::string(members) + "}]");
}

std::optional<std::string> rejection(std::string_view members, Release release = kNewestRelease, Options options = {}) {
  Symbols symbols;
  options.release = release;
  return parsed(from(members), options, symbols).rejected;
}

Verdict verdict(std::string_view members, std::string_view source, Release release = kNewestRelease) {
  return Scene({pod("shop/db"), from(members)}, {.release = release}).verdict("shop/db", source);
}

TEST(FromCidr, TakesAddressesAndPrefixes) {
  EXPECT_EQ(verdict("fromCIDR: ['2001:db8::1']", "2001:db8::1"), Verdict::kAllow);
  EXPECT_EQ(verdict("fromCIDR: ['2001:db8::1']", "2001:db8::2"), Verdict::kDeny);
  EXPECT_EQ(verdict("fromCIDR: ['2001:db8::/64']", "2001:db8::ffff"), Verdict::kAllow);
  EXPECT_EQ(verdict("fromCIDR: ['2001:db8::/64']", "2001:db8:0:1::"), Verdict::kDeny);
}

TEST(FromCidr, RefusesWhatIsNoPrefix) {
  for (const auto* text :
       {"''", "x", "'2001:db8::/129'", "'2001:db8::/'", "'10.0.0.0/33'", "'10.0.0.0/08'", "'::1/+8'", "5"}) {
    for (const Release release : test::kReleases) {
      EXPECT_TRUE(rejection("fromCIDR: [" + std::string(text) + "]", release)) << text;
    }
  }
}

TEST(FromCidrSet, LeavesOutItsExceptions) {
  constexpr auto kSet = "fromCIDRSet: [{cidr: '2001:db8::/32', except: ['2001:db8:bad::/48']}]";
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict(kSet, "2001:db8:bac:ffff::", release), Verdict::kAllow);
    EXPECT_EQ(verdict(kSet, "2001:db8:bad::", release), Verdict::kDeny);
    EXPECT_EQ(verdict(kSet, "2001:db8:bad:ffff:ffff:ffff:ffff:ffff", release), Verdict::kDeny);
    EXPECT_EQ(verdict(kSet, "2001:db8:bae::", release), Verdict::kAllow);
  }
}

TEST(FromCidrSet, RefusesExceptionsOutside) {
  EXPECT_TRUE(rejection("fromCIDRSet: [{cidr: '2001:db8::/32', except: ['2001:db9::/48']}]"));
  EXPECT_TRUE(rejection("fromCIDRSet: [{cidr: '10.0.0.0/8', except: ['::/0']}]"));
}

TEST(FromCidrSet, RefusesShorterExceptionsFrom120On) {
  constexpr auto kSet = "fromCIDRSet: [{cidr: '2001:db8::/32', except: ['2001:db8::/31']}]";
  EXPECT_FALSE(rejection(kSet, Release::k1_19_3));
  EXPECT_TRUE(rejection(kSet, Release::k1_20_2));
}

TEST(FromCidrSet, NeedsExactlyOneWayToNameItsPrefixes) {
  EXPECT_TRUE(rejection("fromCIDRSet: [{}]"));
  EXPECT_TRUE(rejection("fromCIDRSet: [{cidr: '::/0', cidrGroupRef: x}]"));
  EXPECT_FALSE(rejection("fromCIDRSet: [{cidrGroupRef: x}]"));
  EXPECT_FALSE(rejection("fromCIDRSet: [{cidrGroupSelector: {}}]"));
}

TEST(FromCidrSet, WithAGroupSelectorThatAsksForNothingIsEveryone) {
  for (const Release release : test::kReleases) {
    const Scene scene({pod("shop/db"), pod("blog/web"), from("fromCIDRSet: [{cidrGroupSelector: {}}]")},
                      {.release = release});
    EXPECT_EQ(scene.verdict("shop/db", "blog/web"), Verdict::kAllow) << to_string(release);
    EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kAllow) << to_string(release);
  }
}

TEST(MappedPrefix, IsOneOfIpv6ThatNoPacketComesFrom) {
  for (const Release release : test::kReleases) {
    const auto to = [release](std::string_view members, std::string_view source) {
      return Scene({pod("shop/db"), from(members)}, {.release = release, .dual_stack = true})
          .verdict("shop/db", source);
    };
    EXPECT_EQ(to("fromCIDR: ['::ffff:10.0.0.0/104']", "10.0.0.1"), Verdict::kDeny) << to_string(release);
    EXPECT_EQ(to("fromCIDR: ['::ffff:0:0/96']", "10.0.0.1"), Verdict::kDeny) << to_string(release);
    EXPECT_EQ(to("fromCIDRSet: [{cidr: '::ffff:10.0.0.1/128'}]", "10.0.0.1"), Verdict::kDeny) << to_string(release);
  }
  EXPECT_FALSE(rejection("fromCIDRSet: [{cidr: '::/1', except: ['::ffff:10.0.0.1/128']}]"));
  EXPECT_TRUE(rejection("fromCIDRSet: [{cidr: '10.0.0.0/8', except: ['::ffff:10.0.0.1/128']}]"));
}

TEST(Peers, OfTwoKindsAreRefusedButEmptyListsPass) {
  EXPECT_TRUE(rejection("fromCIDR: ['::/0'], fromEntities: [world]"));
  EXPECT_FALSE(rejection("fromCIDR: ['::/0'], fromEntities: []"));
}

TEST(Peers, ThatAreAnEmptyListAreNobody) {
  for (const auto* members : {"fromCIDR: []", "fromEndpoints: []", "fromEntities: []", "fromCIDRSet: []"}) {
    EXPECT_EQ(verdict(members, "2001:db8::1"), Verdict::kDeny) << members;
  }
  EXPECT_EQ(verdict("", "2001:db8::1"), Verdict::kDeny);  // an element that names neither peers nor ports
  EXPECT_EQ(verdict("toPorts: [{ports: [{port: '80'}]}]", "2001:db8::1"), Verdict::kAllow);
}

TEST(FromEndpoints, AreOfThePolicysNamespaceUnlessTheySayAnother) {
  const Scene scene({pod("shop/db"), pod("shop/web", "app: web"), pod("blog/web", "app: web"),
                     from("fromEndpoints: [{matchLabels: {app: web}}]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kAllow);
  EXPECT_EQ(scene.verdict("shop/db", "blog/web"), Verdict::kDeny);
  const Scene other({pod("shop/db"), pod("shop/web", "app: web"), pod("blog/web", "app: web"),
                     from("fromEndpoints: [{matchLabels: {app: web, 'k8s:io.kubernetes.pod.namespace': blog}}]")});
  EXPECT_EQ(other.verdict("shop/db", "shop/web"), Verdict::kDeny);
  EXPECT_EQ(other.verdict("shop/db", "blog/web"), Verdict::kAllow);
}

TEST(FromEndpoints, OfNothingMeanTheNamespaceNotTheWorld) {
  const Scene scene({pod("shop/db"), pod("shop/web"), pod("blog/web"), from("fromEndpoints: [{}]")});
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kAllow);
  EXPECT_EQ(scene.verdict("shop/db", "blog/web"), Verdict::kDeny);
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kDeny);
}

TEST(FromNodes, NeedTheOption) {
  EXPECT_TRUE(rejection("fromNodes: [{}]"));
  EXPECT_FALSE(rejection("fromNodes: [{}]", kNewestRelease, {.enable_node_selector_labels = true}));
}

TEST(FromNodes, MatchMoreThanNodesIn117) {
  for (const Release release : test::kReleases) {
    const Scene scene({pod("shop/db"), from("fromNodes: [{}]")},
                      {.release = release, .enable_node_selector_labels = true});
    EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), release == Release::k1_17_0 ? Verdict::kAllow : Verdict::kDeny);
  }
}

TEST(FromRequires, MustBeEmptyFrom119On) {
  EXPECT_FALSE(rejection("fromRequires: [{matchLabels: {a: b}}]", Release::k1_18_6));
  EXPECT_TRUE(rejection("fromRequires: [{matchLabels: {a: b}}]", Release::k1_19_3));
}

TEST(FromGroups, MakeOnlySourcesOutsideUnknown) {
  const Scene scene({pod("shop/db"), pod("shop/web"), from("fromGroups: [{aws: {region: x}}]")});
  EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kUnknown);
  EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kDeny);
  const Scene open({pod("shop/db"), from("fromGroups: [{aws: {region: x}}]"),
                    cnp("shop/open", "endpointSelector: {}, ingress: [{fromEntities: [world]}]")});
  EXPECT_EQ(open.verdict("shop/db", "2001:db8::1"), Verdict::kAllow);  // it can only add to what is allowed
}

TEST(ZeroPrefix, IsTheWorldOfItsFamily) {
  for (const Release release : test::kReleases) {
    EXPECT_EQ(verdict("fromCIDR: ['::/0']", "2001:db8::1", release), Verdict::kAllow);
    const Scene scene({pod("shop/db"), pod("shop/web"), from("fromCIDR: ['::/0']")}, {.release = release});
    EXPECT_EQ(scene.verdict("shop/db", "shop/web"), Verdict::kDeny);  // no pod is the world
  }
}

TEST(IpBlock, SelectsItsPrefixOnly) {
  const std::string policy =
      knp("shop/db",
          "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32', except: ['2001:db8:1::/48']}}]}]");
  for (const Release release : test::kReleases) {
    const Scene scene({pod("shop/db"), policy}, {.release = release});
    EXPECT_EQ(scene.verdict("shop/db", "2001:db8::1"), Verdict::kAllow);
    EXPECT_EQ(scene.verdict("shop/db", "2001:db8:1::1"), Verdict::kDeny);
    EXPECT_EQ(scene.verdict("shop/db", "2001:db9::1"), Verdict::kDeny);
  }
}

TEST(IpBlock, LetsInTheWholeNamespaceIn119) {  // CVE-2026-56743
  const std::string policy = knp("shop/db", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]");
  for (const Release release : test::kReleases) {
    const Scene scene({pod("shop/db"), pod("shop/web"), policy}, {.release = release});
    EXPECT_EQ(scene.verdict("shop/db", "shop/web"), release == Release::k1_19_3 ? Verdict::kAllow : Verdict::kDeny);
  }
}

TEST(Egress, IsValidatedToo) {
  const auto rejected = [](std::string_view members) {
    return parsed(cnp("shop/db", "endpointSelector: {}, egress: [{" + std::string(members) + "}]"))
        .rejected.has_value();
  };
  EXPECT_FALSE(rejected("toEntities: [world]"));
  EXPECT_TRUE(rejected("toEntities: [nowhere]"));
  EXPECT_TRUE(rejected("toCIDR: [x]"));
  EXPECT_TRUE(rejected("toFQDNs: [{matchName: a, matchPattern: b}]"));
  EXPECT_TRUE(rejected("toCIDR: ['::/0'], toFQDNs: [{matchName: a}]"));
  EXPECT_TRUE(rejected("toEndpoints: [{matchLabels: {a: -b}}]"));
}

}  // namespace
}  // namespace sextant::policy
