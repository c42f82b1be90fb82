#include "agent/policy/selector.h"

#include <gtest/gtest.h>

#include "agent/policy/identity.h"
#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::yaml;

class Selectors : public ::testing::Test {
 protected:
  // "k8s:app=db,reserved:host"
  LabelSet labels(std::string_view text) {
    LabelSet set;
    while (!text.empty()) {
      const std::string_view one = text.substr(0, text.find(','));
      text.remove_prefix(std::min(one.size() + 1, text.size()));
      const SourceAndKey parts = split_source(one, ':', kNewestRelease);
      const std::size_t equal = parts.key.find('=');
      set.put({.source = symbols_.intern(parts.source),
               .key = symbols_.intern(parts.key.substr(0, equal)),
               .value = equal == std::string_view::npos ? kNoSource : symbols_.intern(parts.key.substr(equal + 1))});
    }
    return set;
  }

  Selector read(std::string_view text, Release release = kNewestRelease, KeyStyle style = KeyStyle::kCilium) {
    const Document document = yaml(text);
    report_ = {};
    return SelectorReader(symbols_, release).read(document, Path("selector"), style, report_);
  }
  bool matches(std::string_view selector, std::string_view set, Release release = kNewestRelease) {
    return read(selector, release).matches(labels(set));
  }
  bool rejects(std::string_view selector, Release release = kNewestRelease, KeyStyle style = KeyStyle::kCilium) {
    read(selector, release, style);
    return report_.rejected();
  }

  Symbols symbols_;
  Report report_;
};

TEST_F(Selectors, WithoutASourceMatchEverySource) {
  EXPECT_TRUE(matches("{matchLabels: {app: db}}", "k8s:app=db"));
  EXPECT_TRUE(matches("{matchLabels: {app: db}}", "cidrgroup:app=db"));
  EXPECT_FALSE(matches("{matchLabels: {'k8s:app': db}}", "cidrgroup:app=db"));
  EXPECT_TRUE(matches("{matchLabels: {'any:app': db}}", "cidrgroup:app=db"));
  EXPECT_TRUE(matches("{matchLabels: {'reserved:host': ''}}", "reserved:host"));
}

TEST_F(Selectors, OfSourceUnspecMatchEverySource) {
  EXPECT_TRUE(matches("{matchLabels: {'unspec:app': db}}", "k8s:app=db"));
  EXPECT_FALSE(matches("{matchLabels: {'cni:app': db}}", "k8s:app=db"));
  // It does not name the namespace's label, though: the policy's own is asked for too.
  const Selector selector = read("{matchLabels: {'unspec:io.kubernetes.pod.namespace': shop}}");
  EXPECT_FALSE(selector.has_key(kAny, symbols_.intern(kNamespaceKey)));
}

TEST_F(Selectors, NeedAllTheirRequirements) {
  EXPECT_TRUE(matches("{matchLabels: {app: db, tier: back}}", "k8s:app=db,k8s:tier=back"));
  EXPECT_FALSE(matches("{matchLabels: {app: db, tier: back}}", "k8s:app=db"));
}

TEST_F(Selectors, OfNothingMatchEveryone) {
  EXPECT_TRUE(read("{}").everyone());
  EXPECT_TRUE(matches("{}", ""));
}

TEST_F(Selectors, NotInMatchesWithoutTheKey) {
  constexpr auto kNotIn = "{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}";
  EXPECT_TRUE(matches(kNotIn, "k8s:tier=back"));
  EXPECT_TRUE(matches(kNotIn, "k8s:app=web"));
  EXPECT_FALSE(matches(kNotIn, "k8s:app=db"));
}

TEST_F(Selectors, TellAnEmptyValueFromAMissingKey) {
  EXPECT_TRUE(matches("{matchExpressions: [{key: app, operator: Exists}]}", "k8s:app="));
  EXPECT_FALSE(matches("{matchExpressions: [{key: app, operator: DoesNotExist}]}", "k8s:app="));
  EXPECT_TRUE(matches("{matchExpressions: [{key: app, operator: DoesNotExist}]}", "k8s:tier="));
  EXPECT_TRUE(matches("{matchExpressions: [{key: app, operator: In, values: ['', db]}]}", "k8s:app="));
}

TEST_F(Selectors, OfKubernetesKindsMatchOnlyItsLabels) {
  const Selector selector = read("{matchLabels: {app: db}}", kNewestRelease, KeyStyle::kKubernetes);
  EXPECT_TRUE(selector.matches(labels("k8s:app=db")));
  EXPECT_FALSE(selector.matches(labels("cidrgroup:app=db")));
}

TEST_F(Selectors, AreRefusedForWhatIsNoSelector) {
  for (const auto* text :
       {"{matchLabels: {app: -db}}", "{matchLabels: {'a b': db}}", "{matchLabels: {app: 5}}", "{matchLabels: [app]}",
        "{matchExpressions: [{key: app, operator: Is}]}", "{matchExpressions: [{key: app, operator: In, values: []}]}",
        "{matchExpressions: [{key: app, operator: Exists, values: [x]}]}",
        "{matchExpressions: [{operator: Exists}]}"}) {
    for (const Release release : test::kReleases) EXPECT_TRUE(rejects(text, release)) << text;
  }
}

TEST_F(Selectors, TakeValuesOf63CharactersAndNotOf64) {
  EXPECT_FALSE(rejects("{matchLabels: {app: " + std::string(63, 'x') + "}}"));
  EXPECT_TRUE(rejects("{matchLabels: {app: " + std::string(64, 'x') + "}}"));
}

TEST_F(Selectors, WithAnEmptySourceAreRefusedFrom120On) {
  EXPECT_FALSE(rejects("{matchLabels: {':app': db}}", Release::k1_19_3));
  EXPECT_TRUE(rejects("{matchLabels: {':app': db}}", Release::k1_20_2));
}

TEST_F(Selectors, OfNetworkPoliciesMatchEverythingWhenBrokenIn119) {
  constexpr auto kBroken = "{matchExpressions: [{key: app, operator: Is}]}";
  EXPECT_TRUE(rejects(kBroken, Release::k1_18_6, KeyStyle::kKubernetes));
  EXPECT_FALSE(rejects(kBroken, Release::k1_19_3, KeyStyle::kKubernetes));
  EXPECT_TRUE(read(kBroken, Release::k1_19_3, KeyStyle::kKubernetes).everyone());
}

TEST_F(Selectors, ForceOnlyWhatMatchLabelsSays) {
  Selector selector =
      read("{matchLabels: {'k8s:ns': a}, matchExpressions: [{key: 'k8s:ns', operator: In, values: [c]}]}");
  selector.force(SelectorReader(symbols_, kNewestRelease).equals(kK8s, "ns", "b"));
  EXPECT_EQ(selector.requirements.size(), 2u);
  EXPECT_FALSE(selector.matches(labels("k8s:ns=a")));
  EXPECT_FALSE(selector.matches(labels("k8s:ns=b")));  // the expression still asks for c
}

TEST_F(Selectors, OfGroupsSeeEveryValueFrom120On) {
  const Document document = yaml("{matchLabels: {trust: low}}");
  LabelSet set = labels("cidrgroup:trust=high");
  set.put({.source = kCidrGroup, .key = symbols_.intern(encoded_group_key("trust", "low"))});
  const auto matches_in = [&](Release release) {
    return SelectorReader(symbols_, release).read_group_selector(document, Path("s"), report_).matches(set);
  };
  EXPECT_FALSE(matches_in(Release::k1_19_3));
  EXPECT_TRUE(matches_in(Release::k1_20_2));
}

TEST_F(Selectors, OfPrefixesMatchByContainment) {
  LabelSet inside;
  inside.add_prefix(Prefix::parse("2001:db8:1::/48").value());
  EXPECT_TRUE(read("{matchLabels: {'cidr:2001-db8--0/32': ''}}").matches(inside));
  EXPECT_FALSE(read("{matchLabels: {'cidr:2001-db8-2--0/48': ''}}").matches(inside));
}

TEST(LabelKey, IsCheckedAsKubernetesChecksIt) {
  for (const auto* key : {"app", "example.com/app", "a-b_c.d", "1"}) EXPECT_EQ(wrong_label_key(key), "") << key;
  for (const auto* key : {"", "-app", "app-", "a/b/c", "Example.com/app", "/app", "example.com/", "a b"}) {
    EXPECT_NE(wrong_label_key(key), "") << key;
  }
  EXPECT_EQ(wrong_label_key(std::string(63, 'a')), "");
  EXPECT_NE(wrong_label_key(std::string(64, 'a')), "");
}

TEST(Identities, AreOnePerLabelSet) {
  Identities identities;
  LabelSet one, other;
  one.put({.source = kReserved, .key = kHostKey});
  other.put({.source = kReserved, .key = kWorldKey});
  EXPECT_EQ(identities.intern(one), identities.intern(one));
  EXPECT_NE(identities.intern(one), identities.intern(other));
  EXPECT_EQ(identities.labels(identities.intern(other)), other);
}

}  // namespace
}  // namespace sextant::policy
