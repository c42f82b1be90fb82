#include "agent/audit/services/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::ip;
using test::kKpr;
using test::kKubeProxy;
using test::ServiceScene;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kEverything = test::service(
    "shop/web",
    "type: LoadBalancer, clusterIPs: ['2001:db8:c::1'], externalIPs: ['2001:db8:e::1', 'fd00::e'], ports: "
    "[{name: https, port: 443, nodePort: 30443}]",
    "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}, {ip: 192.0.2.1}]}");

std::vector<std::string> names(const ServiceScene& scene, const Forwarding& forwarding,
                               const std::vector<std::string>& entry_nodes = {"n1"}, bool expect = false) {
  std::vector<std::string> names;
  for (const Door& door : public_doors(scene.world, forwarding, entry_nodes, expect))
    names.push_back(door.name() + (door.doubt.empty() ? "" : " ?"));
  return names;
}

TEST(Doors, AreThePublicAddressesOfAService) {
  EXPECT_THAT(names(ServiceScene{kEverything}, kKubeProxy),
              ElementsAre("LoadBalancer [2001:db8:f::80]:443/TCP", "ExternalIP [2001:db8:e::1]:443/TCP",
                          "ClusterIP [2001:db8:c::1]:443/TCP", "NodePort [2001:db8::1]:30443/TCP"));
}

TEST(Doors, OfAClusterIpAreNoneUnderCiliumUnlessItSaysSo) {
  const ServiceScene scene{test::service("shop/web", "clusterIPs: ['2001:db8:c::1'], ports: [{port: 443}]")};
  EXPECT_THAT(names(scene, kKpr), IsEmpty());
  Forwarding outside = kKpr;
  outside.external_cluster_ip = true;
  EXPECT_THAT(names(scene, outside), ElementsAre("ClusterIP [2001:db8:c::1]:443/TCP"));
  EXPECT_THAT(names(scene, {}), ElementsAre("ClusterIP [2001:db8:c::1]:443/TCP ?")) << "nobody knows";
}

TEST(Doors, OfNodePortsAreThoseOfTheEntryNodes) {
  const ServiceScene scene{test::node_port("shop/web", "web")};
  EXPECT_THAT(names(scene, kKpr), ElementsAre("NodePort [2001:db8::1]:30080/TCP"));
  EXPECT_THAT(names(scene, kKpr, {"n1", "n2"}),
              ElementsAre("NodePort [2001:db8::1]:30080/TCP", "NodePort [2001:db8::2]:30080/TCP"));
  EXPECT_THAT(names(scene, kKpr, {}), IsEmpty());
}

// pkg/datapath/tables/node_address.go: the node's own IP before others of its device.
TEST(Doors, UnderCiliumADeviceServesNodePortsOnOneAddressAlone) {
  ServiceScene scene{test::node_port("shop/web", "web")};
  scene.add(
      "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: "
      "'fd00:1::1'}]}}");
  scene.world.apply(Delta(NetworkPicture{
      .links = {{.index = 2, .name = "eth0"}},
      .addresses = {{.link = 2, .address = ip("2001:db8::1")}, {.link = 2, .address = ip("fd00:1::1")}}}));
  EXPECT_THAT(names(scene, kKpr), IsEmpty());
  EXPECT_THAT(names(scene, kKubeProxy), ElementsAre("NodePort [2001:db8::1]:30080/TCP"));
  EXPECT_THAT(names(scene, {}), ElementsAre("NodePort [2001:db8::1]:30080/TCP ?"));
  Forwarding named = kKpr;
  named.node_port_addresses = std::vector<Prefix>{test::prefix("2001:db8::/64")};
  EXPECT_THAT(names(scene, named), ElementsAre("NodePort [2001:db8::1]:30080/TCP"));
}

// pkg/datapath/tables/node_address.go: the router's address is the node's too, and no NodePort is served on it.
TEST(Doors, UnderCiliumTheRoutersAddressServesNoNodePort) {
  ServiceScene scene{test::node_port("shop/web", "web")};
  scene.world.apply(Delta(NetworkPicture{
      .links = {{.index = 2, .name = "eth0"}, {.index = 4, .name = "cilium_host"}},
      .addresses = {{.link = 2, .address = ip("2001:db8::1")}, {.link = 4, .address = ip("2001:db8:0:1::fc23")}}}));
  EXPECT_THAT(names(scene, kKpr), ElementsAre("NodePort [2001:db8::1]:30080/TCP"));
  Forwarding named = kKpr;
  named.node_port_addresses = std::vector<Prefix>{test::prefix("2001:db8::/32")};
  EXPECT_THAT(names(scene, named), ElementsAre("NodePort [2001:db8::1]:30080/TCP"));
  EXPECT_THAT(names(scene, kKubeProxy),
              ElementsAre("NodePort [2001:db8::1]:30080/TCP", "NodePort [2001:db8:0:1::fc23]:30080/TCP"));
}

TEST(Doors, HostPortsAreOnTheirPodsNode) {
  const ServiceScene scene{test::pod("edge/nginx", "app: nginx", "fd00::9", "n1",
                                     "containers: [{ports: [{containerPort: 8443, hostPort: 443}, {containerPort: 80, "
                                     "hostPort: 80, hostIP: 'fd00::1'}]}]"),
                           test::pod("edge/far", "app: nginx", "fd00::a", "n2",
                                     "containers: [{ports: [{containerPort: 8443, hostPort: 443}]}]")};
  EXPECT_THAT(names(scene, kKpr), ElementsAre("HostPort [2001:db8::1]:443/TCP"));
}

// k3s: the pods of ServiceLB have host ports on the addresses that they announce.
TEST(Doors, AServicesOwnAddressComesBeforeTheHostPortBehindIt) {
  const ServiceScene scene{test::service("kube-system/traefik", "type: LoadBalancer, ports: [{port: 443}]",
                                         "loadBalancer: {ingress: [{ip: '2001:db8::1'}]}"),
                           test::pod("kube-system/svclb-traefik", "app: svclb", "fd00::9", "n1",
                                     "containers: [{ports: [{containerPort: 443, hostPort: 443}]}]")};
  EXPECT_THAT(names(scene, kKpr), ElementsAre("LoadBalancer [2001:db8::1]:443/TCP"));
}

// k3s again: the LoadBalancer's addresses are the nodes', and whoever asks for one comes in at that node.
TEST(Doors, ANodesOwnAddressIsEnteredAtThatNode) {
  const ServiceScene scene{test::service("kube-system/traefik",
                                         "type: LoadBalancer, externalIPs: ['2001:db8::2'], ports: [{port: 443}]",
                                         "loadBalancer: {ingress: [{ip: '2001:db8::1'}, {ip: '2001:db8::2'}]}")};
  EXPECT_THAT(names(scene, kKpr), ElementsAre("LoadBalancer [2001:db8::1]:443/TCP"));
  EXPECT_EQ(public_doors(scene.world, kKpr, {"n1"}, false).at(0).node, "n1");
  EXPECT_THAT(names(scene, kKpr, {"n2"}),
              ElementsAre("LoadBalancer [2001:db8::2]:443/TCP", "ExternalIP [2001:db8::2]:443/TCP"));
  EXPECT_EQ(names(scene, kKpr, {}).size(), 3U) << "where packets enter is not known";
}

TEST(Doors, WithoutAnAddressYetOnlyWhoExpectsOneSeesADoor) {
  const ServiceScene scene{test::service("shop/web", "type: LoadBalancer, ports: [{port: 80}]")};
  EXPECT_THAT(names(scene, kKpr), IsEmpty());
  EXPECT_THAT(names(scene, kKpr, {}, true), ElementsAre("LoadBalancer without an address yet, port 80/TCP ?"));
}

TEST(Doors, OfNamesAndHeadlessServicesAreNone) {
  const ServiceScene scene{
      test::service("shop/a",
                    "type: ExternalName, externalName: x, externalIPs: ['2001:db8:e::1'], ports: [{port: 1}]"),
      test::service("shop/b", "clusterIP: None, ports: [{port: 1}]")};
  EXPECT_THAT(names(scene, kKubeProxy), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit
