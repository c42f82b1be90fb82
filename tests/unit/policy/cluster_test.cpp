#include "agent/policy/cluster.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::group;
using test::node;
using test::pod;
using test::Scene;

class View {
 public:
  View(std::initializer_list<std::string> texts, Options options = {}) : scene_(texts, std::move(options)) {
    for (const auto& [key, object] : scene_.world.policies()) {
      if (key.kind == ObjectKind::kCiliumCidrGroup) {
        known_.add_group(read_cidr_group(object, scene_.options.release, symbols_));
        continue;
      }
      for (const Prefix& prefix : parse_policy(object, scene_.options, symbols_).prefixes)
        known_.add_policy_prefix(prefix);
    }
  }

  std::string of(std::string_view address) {
    return text(cluster_.address_peer(IpAddress::parse(address).value(), "n1").id);
  }
  std::string pod_labels(std::string_view ns, std::string_view name) {
    return text(cluster_.identity_of(*scene_.world.pod(ns, name)));
  }
  PeerIdentity peer(std::string_view address, std::string_view node = "n1") {
    return cluster_.address_peer(IpAddress::parse(address).value(), node);
  }
  std::string text(IdentityId id) const { return identities_.labels(id).to_string(symbols_); }

 private:
  Scene scene_;
  Symbols symbols_;
  Identities identities_;
  KnownPrefixes known_;
  Cluster cluster_{scene_.world, scene_.options, symbols_, identities_, known_};
};

std::string naming(std::string_view prefixes) {
  return cnp("shop/db", "endpointSelector: {}, ingress: [{fromCIDR: [" + std::string(prefixes) + "]}]");
}

TEST(Cluster, GivesPodsTheirLabelsAndThoseOfTheirNamespace) {
  View view({pod("shop/db", "app: db, pod-template-hash: x", "fd00::1", "n1", "serviceAccountName: robot"),
             "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: sales}}}"},
            {.cluster_name = "c1"});
  EXPECT_EQ(view.pod_labels("shop", "db"),
            "k8s:app=db,k8s:io.cilium.k8s.namespace.labels.team=sales,k8s:io.cilium.k8s.policy.cluster=c1,"
            "k8s:io.cilium.k8s.policy.serviceaccount=robot,k8s:io.kubernetes.pod.namespace=shop");
  EXPECT_EQ(view.of("fd00::1"), view.pod_labels("shop", "db"));
}

TEST(Cluster, TakesWhatItDoesNotKnowForTheWorld) {
  EXPECT_EQ(View({}).of("2001:db8::1"), "reserved:world");
  EXPECT_EQ(View({}, {.dual_stack = true}).of("2001:db8::1"), "reserved:world-ipv6");
  EXPECT_EQ(View({}, {.dual_stack = true}).of("192.0.2.1"), "reserved:world-ipv4");
}

TEST(Cluster, GivesAnAddressItsLongestPrefixOnly) {
  View view({naming("'2001:db8::/32', '2001:db8:1::/48'")});
  EXPECT_EQ(view.of("2001:db8:1::1"), "cidr:2001:db8:1::/48,reserved:world");
  EXPECT_EQ(view.of("2001:db8:2::1"), "cidr:2001:db8::/32,reserved:world");
  EXPECT_EQ(view.of("2001:db9::1"), "reserved:world");
}

TEST(Cluster, SeesNodesAsHostOrRemoteNode) {
  View view({node("n1", "2001:db8::a"), node("n2", "2001:db8::b")});
  EXPECT_EQ(view.of("2001:db8::a"), "reserved:host");
  EXPECT_TRUE(view.peer("2001:db8::a").local_host);
  EXPECT_EQ(view.of("2001:db8::b"), "reserved:remote-node");
  EXPECT_FALSE(view.peer("2001:db8::b").local_host);
  EXPECT_TRUE(view.peer("2001:db8::b", "n2").local_host);
}

TEST(Cluster, TakesNodesForNodesAlsoWherePoliciesNameTheirPrefix) {
  View view({node("n2", "2001:db8::b"), naming("'2001:db8::/32'")});
  EXPECT_EQ(view.of("2001:db8::b"), "reserved:remote-node");
  View nodes({node("n2", "2001:db8::b"), naming("'2001:db8::/32'")}, {.policy_cidr_match_nodes = true});
  EXPECT_EQ(nodes.of("2001:db8::b"), "cidr:2001:db8::b/128,reserved:remote-node");
}

TEST(Cluster, DoesNotTakeFinishedOrHostNetworkPodsForHolders) {
  View view({pod("shop/db", "", "fd00::1", "n1", "hostNetwork: true"), node("n1", "fd00::2"),
             "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: job}, spec: {nodeName: n1}, "
             "status: {phase: Succeeded, podIPs: [{ip: 'fd00::3'}]}}"});
  EXPECT_EQ(view.of("fd00::1"), "reserved:world");
  EXPECT_EQ(view.of("fd00::3"), "reserved:world");
}

TEST(Cluster, KnowsTheApiServerByItsSlice) {
  View view(
      {"{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: default, name: kubernetes, "
       "labels: {kubernetes.io/service-name: kubernetes}}, addressType: IPv6, endpoints: [{addresses: "
       "['2001:db8::c']}]}",
       node("n2", "2001:db8::b")});
  EXPECT_EQ(view.of("2001:db8::c"), "reserved:kube-apiserver,reserved:world");
}

TEST(Cluster, GivesPrefixesTheLabelsOfTheirGroups) {
  View view({group("bad", "'2001:db8:bad::/48'", "trust: low"), naming("'2001:db8::/32'")},
            {.release = Release::k1_19_3});
  EXPECT_EQ(view.of("2001:db8:bad::1"),
            "cidr:2001:db8::/32,cidrgroup:io.cilium.policy.cidrgroupname/bad,cidrgroup:trust=low,reserved:world");
}

TEST(Cluster, LetsTheLongerPrefixsGroupDecideALabel) {
  View view({group("low", "'2001:db8::/32'", "trust: low"), group("high", "'2001:db8:1::/48'", "trust: high")},
            {.release = Release::k1_19_3});
  EXPECT_NE(view.of("2001:db8:1::1").find("trust=high"), std::string::npos);
  EXPECT_NE(view.of("2001:db8:2::1").find("trust=low"), std::string::npos);
}

TEST(Cluster, LeavesOneValueOfSeveralToChanceIn117) {
  const std::initializer_list<std::string> kObjects{group("a", "'2001:db8::/32'", "trust: low, owner: x"),
                                                    group("b", "'2001:db8::/32'", "trust: high, owner: x"),
                                                    group("c", "'2001::/16'", "trust: none")};
  View chance(kObjects, {.release = Release::k1_17_0});
  const PeerIdentity peer = chance.peer("2001:db8::1");
  ASSERT_EQ(peer.instead.size(), 1u);
  EXPECT_NE(chance.text(peer.id).find("trust=low"), std::string::npos);
  EXPECT_NE(chance.text(peer.instead[0]).find("trust=high"), std::string::npos);
  EXPECT_TRUE(chance.peer("2001::1").instead.empty());
  EXPECT_TRUE(View(kObjects, {.release = Release::k1_18_6}).peer("2001:db8::1").instead.empty());
}

TEST(Cluster, GivesAggregatesToWhatIsKnownFrom120On) {
  View view({naming("'2001:db8::/32'"), pod("shop/db", "", "fd00::1")});
  EXPECT_EQ(view.text(view.peer("2001:db8::1").aggregate), "reserved:aggregate-world");
  EXPECT_EQ(view.text(view.peer("fd00::1").aggregate), "reserved:aggregate-cluster");
  View before({naming("'2001:db8::/32'"), pod("shop/db", "", "fd00::1")}, {.release = Release::k1_19_3});
  EXPECT_EQ(before.peer("2001:db8::1").aggregate, kNoIdentity);
}

}  // namespace
}  // namespace sextant::policy
