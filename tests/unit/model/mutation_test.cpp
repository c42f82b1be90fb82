// Damaged objects: decode gives an object with a usable key, or none, or an error that has words.
#include <array>
#include <chrono>

#include <gtest/gtest.h>

#include "agent/model/world.h"
#include "tests/unit/base/mutation.h"

namespace sextant {
namespace {

constexpr std::array<std::string_view, 7> kObjects{
    R"(apiVersion: v1
kind: Pod
metadata:
  name: web-7d4b9c-x
  namespace: shop
  uid: u
  labels: {app: web, pod-template-hash: 7d4b9c}
  ownerReferences: [{kind: ReplicaSet, name: web-7d4b9c, controller: true}]
spec:
  nodeName: n1
  hostNetwork: true
  containers: [{name: a, ports: [{name: http, containerPort: 80, hostPort: 8080, protocol: TCP}]}]
status: {phase: Running, podIP: "2001:db8::5", podIPs: [{ip: "2001:db8::5"}]}
)",
    R"(apiVersion: v1
kind: Node
metadata: {name: n1, labels: {a: b}}
spec: {podCIDR: 2001:db8:1::/64, podCIDRs: [2001:db8:1::/64]}
status: {addresses: [{type: InternalIP, address: "2001:db8::1"}]}
)",
    R"(apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: "::/0"}}
spec: {type: LoadBalancer, clusterIPs: ["2001:db8:5::1"], ports: [{port: 443, targetPort: https, nodePort: 30443}]}
status: {loadBalancer: {ingress: [{ip: "2001:db8:7::1"}]}}
)",
    R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
endpoints: [{addresses: ["2001:db8::5"]}]
ports: [{port: 8443, protocol: TCP}]
)",
    R"(apiVersion: batch/v1
kind: CronJob
metadata: {name: w}
spec:
  jobTemplate:
    spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}}
)",
    "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db}\nspec: {endpointSelector: {}, ingress: "
    "[]}\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {a: b}}\n"};

TEST(Mutation, NeverBreaksDecode) {
  test::Mutator mutator(4);
  World world("n1");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  int decoded = 0;
  int refused = 0;
  for (int i = 0; i < 6'000 && std::chrono::steady_clock::now() < end; ++i) {
    const auto documents = parse_yaml(mutator.damage(std::string(kObjects[mutator.below(kObjects.size())])));
    if (!documents) continue;
    for (const Document& document : *documents) {
      const auto object = decode(document, {.file = "f.yaml", .line = document.line});
      if (!object) {
        ++refused;
        EXPECT_NE(text_error(object.error()).line, 0U) << object.error().what;
        EXPECT_FALSE(text_error(object.error()).cause.empty());
      } else if (*object) {
        ++decoded;
        EXPECT_FALSE(key_of(**object).name.empty());
        world.apply(**object);
      }
    }
  }
  EXPECT_GT(decoded, 50);
  EXPECT_GT(refused, 20);
  const auto take_back = [&](const auto& objects) {
    while (!objects.empty()) world.apply(Removed{objects.begin()->first});
  };
  take_back(world.pods());
  take_back(world.services());
  take_back(world.workloads());
  EXPECT_EQ(world.pod_by_uid("u"), nullptr);
}

}  // namespace
}  // namespace sextant
