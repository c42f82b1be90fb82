#include <gtest/gtest.h>

#include "agent/model/objects.h"
#include "tests/unit/model/decoded.h"

namespace sextant {
namespace {

using test::decode_error;
using test::decoded;
using test::ignored;

TEST(Decode, ReadsNamespaces) {
  const auto ns = decoded<Namespace>("{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}");
  EXPECT_EQ(ns.name, "shop");
  EXPECT_EQ(ns.labels, (Labels{{"team", "a"}}));
}

TEST(Decode, ReadsNodes) {
  const auto node = decoded<Node>(R"(
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: a}}
spec: {podCIDR: 2001:db8:1::/64, podCIDRs: [2001:db8:1::/64, 10.1.0.0/24]}
status:
  addresses:
  - {type: InternalIP, address: "2001:db8::1"}
  - {type: ExternalIP, address: 192.0.2.1}
  - {type: Hostname, address: n1}
)");
  EXPECT_EQ(node.labels.find("zone")->second, "a");
  EXPECT_EQ(test::strings(node.addresses), (std::vector<std::string>{"2001:db8::1", "192.0.2.1"}));
  EXPECT_EQ(test::strings(node.pod_prefixes), (std::vector<std::string>{"2001:db8:1::/64", "10.1.0.0/24"}));
}

TEST(Decode, TakesTheOnePodPrefixWhereThereIsNoList) {
  const auto node = decoded<Node>(
      "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 2001:db8:1::/64, podCIDRs: []}}");
  EXPECT_EQ(test::strings(node.pod_prefixes), (std::vector<std::string>{"2001:db8:1::/64"}));
}

TEST(Decode, NamesFieldAndLineOfWhatIsWrong) {
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nspec:\n  podCIDRs:\n  - ::/0\n  - x\n"),
            "spec.podCIDRs[1]: 'x' is no prefix (line 7)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nspec:\n  podCIDR: x\n"),
            "spec.podCIDR: 'x' is no prefix (line 5)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: 1}\n"),
            "status.addresses: a list is wanted, not an integer (line 4)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {a: b}\n"),
            "metadata.name: missing (line 4)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Namespace\n"), "metadata.name: missing (line 1)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Namespace\nmetadata: {name: 1}\n"),
            "metadata.name: a string is wanted, not an integer (line 3)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {b: true}}\n"),
            "metadata.labels.b: a string is wanted, not a boolean (line 3)");
}

TEST(Decode, WantsBothApiVersionAndKindOrNeither) {
  EXPECT_EQ(decode_error("kind: Pod\n"), "apiVersion: missing (line 1)");
  EXPECT_EQ(decode_error("apiVersion: v1\n"), "kind: missing (line 1)");
  EXPECT_EQ(decode_error("apiVersion: v1\nkind: [Pod]\n"), "kind: a string is wanted, not a list (line 2)");
  EXPECT_EQ(decode_error("hello\n"), "a map is wanted, not a string (line 1)");
  EXPECT_TRUE(ignored("replicas: 3\nimage: {tag: x}\n"));
  EXPECT_TRUE(ignored("- op: replace\n  path: /spec\n"));
  EXPECT_TRUE(ignored("---\n"));
}

TEST(Decode, TakesAKindOnlyOfItsOwnGroup) {
  const auto as = [](std::string_view api, std::string_view kind) {
    return "{apiVersion: " + std::string(api) + ", kind: " + std::string(kind) + ", metadata: {name: x}}";
  };
  EXPECT_EQ(decoded<PolicyObject>(as("networking.k8s.io/v1", "NetworkPolicy")).kind, ObjectKind::kNetworkPolicy);
  EXPECT_TRUE(ignored(as("crd.projectcalico.org/v1", "NetworkPolicy")));
  EXPECT_TRUE(ignored(as("v1", "NetworkPolicy")));
  EXPECT_TRUE(ignored(as("example.org/v2", "CiliumNetworkPolicy")));
  EXPECT_TRUE(ignored(as("networking.k8s.io/v1", "IngressClass")));
  EXPECT_TRUE(ignored(as("apps/v1", "Pod")));
  EXPECT_TRUE(ignored(as("v1", "List")));
  EXPECT_EQ(decoded<PolicyObject>(as("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy")).kind,
            ObjectKind::kClusterNetworkPolicy);
  EXPECT_TRUE(ignored(as("networking.k8s.io/v1", "ClusterNetworkPolicy")));
  EXPECT_EQ(decoded<OtherObject>(as("sextant.dev/v1alpha1", "ExposureContract")).kind, ObjectKind::kExposureContract);
  EXPECT_TRUE(ignored(as("v1", "ExposureContract")));
  EXPECT_EQ(decoded<OtherObject>(as("cilium.io/v2", "CiliumNode")).kind, ObjectKind::kCiliumNode);
  EXPECT_EQ(decoded<OtherObject>(as("cilium.io/v2", "CiliumEndpoint")).ns, "default");
  EXPECT_EQ(decoded<OtherObject>(as("cilium.io/v2alpha1", "CiliumLoadBalancerIPPool")).kind,
            ObjectKind::kCiliumLoadBalancerIpPool);
  EXPECT_EQ(decoded<PolicyObject>(as("cilium.io/v2", "CiliumCIDRGroup")).kind, ObjectKind::kCiliumCidrGroup);
  EXPECT_EQ(decoded<PolicyObject>(as("cilium.io/v2alpha1", "CiliumCIDRGroup")).kind, ObjectKind::kCiliumCidrGroup);
}

TEST(Decode, DoesNotGuessAtAVersionItDoesNotKnow) {
  EXPECT_EQ(decode_error("apiVersion: cilium.io/v3\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\n"),
            "apiVersion: version 'cilium.io/v3' of CiliumNetworkPolicy is not known (line 1)");
}

TEST(Decode, KeepsAPolicyWholeAsItWasWritten) {
  const auto policy = decoded<PolicyObject>(
      "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
      "spec:\n  endpointSelector: {}\n  ingress: []\n  egress:\n");
  EXPECT_EQ(policy.ns, "shop");
  EXPECT_EQ(policy.name, "db");
  EXPECT_EQ(policy.origin.file, "test.yaml");
  ASSERT_NE(policy.body, nullptr);
  const auto spec = policy.body->at({"spec"});
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->find("ingress")->is_list());
  EXPECT_EQ(spec->find("ingress")->line, 6U);
  EXPECT_TRUE(spec->find("egress")->is_null());
  EXPECT_EQ(spec->find("egressDeny"), nullptr);
}

TEST(Decode, PutsNamespacedObjectsIntoDefaultAndClusterObjectsNowhere) {
  EXPECT_EQ(decoded<PolicyObject>("{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: x}}").ns,
            "default");
  EXPECT_EQ(decoded<PolicyObject>(
                "{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicy, metadata: {name: x, namespace: y}}")
                .ns,
            "");
}

TEST(Decode, RefusesNamesThatCouldBeTakenForOthers) {
  EXPECT_NE(decode_error("{apiVersion: v1, kind: Pod, metadata: {name: a/b}}"), "");
  EXPECT_NE(decode_error("{apiVersion: v1, kind: Pod, metadata: {name: 'a b'}}"), "");
  EXPECT_NE(decode_error("{apiVersion: v1, kind: Pod, metadata: {name: \"a\\e[31m\"}}"), "");
  EXPECT_NE(decode_error("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b/c}}"), "");
  const auto named = [](std::size_t n) {
    return "{apiVersion: v1, kind: Pod, metadata: {name: " + std::string(n, 'a') + "}}";
  };
  EXPECT_EQ(decoded<Pod>(named(253)).name.size(), 253U);
  EXPECT_EQ(decode_error(named(254)), "metadata.name: longer than 253 characters (line 1)");
  EXPECT_EQ(decoded<Pod>("{apiVersion: v1, kind: Pod, metadata: {name: '${cluster}-x'}}").name, "${cluster}-x");
}

TEST(Decode, NamesAnObjectThatTheApiServerWouldName) {
  EXPECT_EQ(decoded<Pod>("{apiVersion: v1, kind: Pod, metadata: {generateName: job-}}").name, "job");
  EXPECT_EQ(decode_error("{apiVersion: v1, kind: Pod, metadata: {generateName: '-'}}"),
            "metadata.name: missing (line 1)");
}

}  // namespace
}  // namespace sextant
