#include "agent/policy/labels.h"

#include <gtest/gtest.h>

namespace sextant::policy {
namespace {

Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

TEST(Symbols, AreTheSameForTheSameText) {
  Symbols symbols;
  const Symbol app = symbols.intern("app");
  for (int i = 0; i < 1000; ++i) symbols.intern("key" + std::to_string(i));
  EXPECT_EQ(symbols.intern("app"), app);
  EXPECT_EQ(symbols.text(app), "app");
}

TEST(Symbols, HaveTheNumbersThatCodeNames) {
  Symbols symbols;
  EXPECT_EQ(symbols.intern(""), kNoSource);
  EXPECT_EQ(symbols.intern("cidrgroup"), kCidrGroup);
  EXPECT_EQ(symbols.intern("node"), kNodeSource);
  EXPECT_EQ(symbols.intern("world"), kWorldKey);
  EXPECT_EQ(symbols.intern("init"), kInitKey);
}

TEST(LabelSet, HasOneLabelPerKeyWhateverTheSource) {
  Symbols symbols;
  const Symbol app = symbols.intern("app"), web = symbols.intern("web");
  LabelSet labels;
  labels.put({.source = kK8s, .key = app, .value = web});
  labels.put({.source = kCidrGroup, .key = app});
  EXPECT_EQ(labels.labels().size(), 1u);
  EXPECT_EQ(labels.find(app)->source, kCidrGroup);
  labels.put_if_absent({.source = kK8s, .key = app, .value = web});
  EXPECT_EQ(labels.find(app)->source, kCidrGroup);
}

TEST(LabelSet, DoesNotDependOnTheOrderOfItsMaking) {
  Symbols symbols;
  LabelSet one, other;
  for (int i = 0; i < 20; ++i) one.put({.source = kK8s, .key = symbols.intern(std::to_string(i))});
  for (int i = 19; i >= 0; --i) other.put({.source = kK8s, .key = symbols.intern(std::to_string(i))});
  one.add_prefix(prefix("2001:db8::/32"));
  other.add_prefix(prefix("2001:db8::/32"));
  EXPECT_EQ(one, other);
  EXPECT_EQ(one.hash(), other.hash());
}

TEST(LabelSet, ReadsAsSortedText) {
  Symbols symbols;
  LabelSet labels;
  labels.put({.source = kReserved, .key = kWorldKey});
  labels.put({.source = kK8s, .key = symbols.intern("app"), .value = symbols.intern("db")});
  labels.add_prefix(prefix("2001:db8::/32"));
  EXPECT_EQ(labels.to_string(symbols), "cidr:2001:db8::/32,k8s:app=db,reserved:world");
}

TEST(Covers, KeepsTheFamiliesApart) {
  EXPECT_FALSE(covers(prefix("::/0"), prefix("10.0.0.0/8")));
  EXPECT_FALSE(covers(prefix("::/0"), IpAddress::parse("10.0.0.1").value()));
  EXPECT_TRUE(covers(prefix("0.0.0.0/0"), prefix("10.0.0.0/8")));
  EXPECT_TRUE(covers(prefix("::/0"), prefix("2001:db8::/32")));
  EXPECT_FALSE(covers(prefix("2001:db8::/32"), prefix("::/0")));
}

TEST(ZeroPrefix, IsAWholeFamily) {
  EXPECT_TRUE(is_zero_prefix(prefix("::/0")));
  EXPECT_TRUE(is_zero_prefix(prefix("0.0.0.0/0")));
  EXPECT_FALSE(is_zero_prefix(prefix("::/1")));
  EXPECT_FALSE(is_zero_prefix(prefix("0.0.0.0/1")));
  EXPECT_FALSE(is_zero_prefix(prefix("::/96")));
}

TEST(SplitSource, TakesApartWhatCiliumDoes) {
  const auto split = [](std::string_view text, char separator) {
    const SourceAndKey parts = split_source(text, separator, Release::k1_19_3);
    return std::string(parts.source) + "|" + std::string(parts.key);
  };
  EXPECT_EQ(split("k8s:app", ':'), "k8s|app");
  EXPECT_EQ(split("app", ':'), "|app");
  EXPECT_EQ(split("$host", ':'), "reserved|host");
  EXPECT_EQ(split("reserved.host", ':'), "reserved|host");
  EXPECT_EQ(split("reserved.host", '.'), "reserved|host");
  EXPECT_EQ(split("k8s.app.kubernetes.io/name", '.'), "k8s|app.kubernetes.io/name");
  EXPECT_EQ(split(":app", ':'), "|app");
  EXPECT_EQ(split("", ':'), "|");
}

TEST(SplitSource, TakesReservedDotForPartOfTheKeyFrom120On) {
  EXPECT_EQ(key_in_identity("reserved.init", Release::k1_19_3), "init");
  EXPECT_EQ(key_in_identity("reserved.init", Release::k1_20_2), "reserved.init");
  EXPECT_EQ(key_in_identity("$init", Release::k1_20_2), "init");
}

TEST(LabelFilter, DropsWhatKubernetesMakesForItself) {
  for (const auto* key : {"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name",
                          "kubernetes.io/arch", "k8s.io/x", "annotation.x", "beta.kubernetes.io/os", "etcd_node"}) {
    EXPECT_FALSE(reaches_identity(key, Release::k1_20_2)) << key;
  }
}

TEST(LabelFilter, KeepsWhatPoliciesSelectBy) {
  for (const auto* key : {"app", "app.kubernetes.io/name", "io.kubernetes.pod.namespace", "example.com/k8s.io",
                          "io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name"}) {
    EXPECT_TRUE(reaches_identity(key, Release::k1_20_2)) << key;
  }
}

TEST(LabelFilter, DropsTheTopologyFrom119On) {
  EXPECT_TRUE(reaches_identity("topology.kubernetes.io/zone", Release::k1_18_6));
  EXPECT_FALSE(reaches_identity("topology.kubernetes.io/zone", Release::k1_19_3));
}

}  // namespace
}  // namespace sextant::policy
