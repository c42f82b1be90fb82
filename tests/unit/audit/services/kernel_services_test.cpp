#include "agent/audit/services/kernel_services.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::ip;
using test::kKpr;
using test::ServiceScene;

Verdict verdict(const KernelIntent& intent, const KernelEndpoint& endpoint, ClassId source, Protocol protocol,
                std::uint16_t port) {
  Verdict found = Verdict::kUnknown;
  for (const KernelRange& range : intent.port_maps.at(intent.policies.at(endpoint.policy).port_map(source))) {
    if (range.protocol == protocol && range.first_port <= port && port <= range.last_port) return range.verdict;
    if (range.protocol == Protocol::kAny) found = range.verdict;
  }
  return found;
}

ClassId class_of(const ServiceScene& scene, std::string_view name) {
  for (const Passage& passage : scene.doors.at(0).passages) {
    if (passage.source->name == name) return passage.source->id;
  }
  return 0;
}

TEST(KernelServices, HaveTheirAddressesAndTheVerdictsOfTheirDoors) {
  ServiceScene scene{
      test::pod("shop/db-0", "app: db", "fd00::5"),
      test::cnp("shop/db", "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromCIDR: ['2001:db8:100::/48']}]"),
      test::load_balancer("shop/db", "db")};
  scene.look(kKpr);
  KernelIntent intent;
  add_services(intent, scene.doors);
  ASSERT_EQ(intent.endpoints.size(), 1U);
  const KernelEndpoint& endpoint = intent.endpoints[0];
  EXPECT_EQ(endpoint.endpoint.to_string(), "service/shop/db");
  EXPECT_EQ(endpoint.addresses, std::vector{ip(test::kVip)});
  const ClassId office = class_of(scene, "2001:db8:100::/48");
  const ClassId world = class_of(scene, "world");
  EXPECT_EQ(verdict(intent, endpoint, office, Protocol::kTcp, 80), Verdict::kAllow);
  EXPECT_EQ(verdict(intent, endpoint, world, Protocol::kTcp, 80), Verdict::kDeny);
  EXPECT_EQ(verdict(intent, endpoint, office, Protocol::kTcp, 81), Verdict::kDeny) << "the service has no such port";
  EXPECT_EQ(verdict(intent, endpoint, office, Protocol::kTcp, 65535), Verdict::kDeny);
  EXPECT_EQ(verdict(intent, endpoint, office, Protocol::kUdp, 80), Verdict::kDeny);
  EXPECT_EQ(verdict(intent, endpoint, office, Protocol::kIcmpv6, 128), Verdict::kUnknown);
  EXPECT_EQ(verdict(intent, endpoint, 12345, Protocol::kTcp, 80), Verdict::kUnknown) << "a class of the cluster's own";
}

TEST(KernelServices, AnAddressThatANodeHoldsStaysTheNodes) {
  ServiceScene scene{test::pod("shop/db-0", "app: db", "fd00::5"), test::load_balancer("shop/db", "db"),
                     test::node_port("shop/np", "db")};
  scene.look(kKpr);
  KernelIntent intent{.endpoints = {{.endpoint = {.kind = EndpointKind::kNode, .name = "n1"},
                                     .addresses = {ip("2001:db8::1"), ip(test::kVip)}}}};
  add_services(intent, scene.doors);
  EXPECT_EQ(intent.endpoints.size(), 1U);
}

// MetalLB's allow-shared-ip, Cilium's sharing-key.
TEST(KernelServices, ThatShareAnAddressAreOneEndpointWithThePortsOfAll) {
  const std::string at_vip = "loadBalancer: {ingress: [{ip: '" + std::string(test::kVip) + "'}]}";
  ServiceScene scene{
      test::pod("shop/db-0", "app: db", "fd00::5"), test::pod("shop/web-0", "app: web", "fd00::6"),
      test::cnp("shop/db", "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromCIDR: ['2001:db8:100::/48']}]"),
      test::service("shop/db", "type: LoadBalancer, selector: {app: db}, ports: [{port: 5432}]", at_vip),
      test::service("shop/web", "type: LoadBalancer, selector: {app: web}, ports: [{port: 443}]", at_vip)};
  scene.look(kKpr);
  KernelIntent intent;
  add_services(intent, scene.doors);
  ASSERT_EQ(intent.endpoints.size(), 1U);
  const KernelEndpoint& endpoint = intent.endpoints[0];
  EXPECT_EQ(endpoint.endpoint.to_string(), "service/shop/db");
  EXPECT_EQ(endpoint.addresses, std::vector{ip(test::kVip)});
  const ClassId world = class_of(scene, "world");
  EXPECT_EQ(verdict(intent, endpoint, world, Protocol::kTcp, 443), Verdict::kAllow);
  EXPECT_EQ(verdict(intent, endpoint, world, Protocol::kTcp, 5432), Verdict::kDeny);
  EXPECT_EQ(verdict(intent, endpoint, class_of(scene, "2001:db8:100::/48"), Protocol::kTcp, 5432), Verdict::kAllow);
  EXPECT_EQ(verdict(intent, endpoint, world, Protocol::kTcp, 444), Verdict::kDeny);
}

TEST(KernelServices, ThatShareOneOfTheirAddressesAreUnknownWhereOnlyTheOthersHaveAPort) {
  ServiceScene scene{
      test::pod("shop/web-0", "app: web", "fd00::6"),
      test::service("shop/a",
                    "selector: {app: web}, externalIPs: ['2001:db8:e::1', '2001:db8:e::2'], ports: [{port: 80}]"),
      test::service("shop/b", "selector: {app: web}, externalIPs: ['2001:db8:e::2'], ports: [{port: 443}]"),
      test::service("shop/c", "selector: {app: web}, externalIPs: ['2001:db8:e::3'], ports: [{port: 22}]")};
  scene.look(kKpr);
  KernelIntent intent;
  add_services(intent, scene.doors);
  ASSERT_EQ(intent.endpoints.size(), 2U);
  const ClassId world = class_of(scene, "world");
  EXPECT_EQ(verdict(intent, intent.endpoints[0], world, Protocol::kTcp, 80), Verdict::kAllow);
  EXPECT_EQ(verdict(intent, intent.endpoints[0], world, Protocol::kTcp, 443), Verdict::kUnknown)
      << "not at the first address";
  EXPECT_EQ(verdict(intent, intent.endpoints[0], world, Protocol::kTcp, 22), Verdict::kDeny);
  EXPECT_EQ(intent.endpoints[1].endpoint.to_string(), "service/shop/c");
}

TEST(KernelServices, PartsOfAClassThatFareDifferentlyAreUnknown) {
  ServiceScene scene{test::pod("shop/db-0", "app: db", "fd00::5"),
                     test::load_balancer("shop/db", "db", "loadBalancerSourceRanges: ['2001:db8:100::/48']")};
  scene.look(kKpr);
  KernelIntent intent;
  add_services(intent, scene.doors);
  EXPECT_EQ(verdict(intent, intent.endpoints.at(0), class_of(scene, "world"), Protocol::kTcp, 80), Verdict::kUnknown);
}

}  // namespace
}  // namespace sextant::audit
