#include "agent/audit/services/declared.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::ServiceScene;
using testing::HasSubstr;

std::string annotated(std::string_view value) {
  return test::service("shop/web", "type: LoadBalancer, ports: [{name: https, port: 443}, {name: metrics, port: 9090}]",
                       "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}",
                       "annotations: {sextant.dev/public: '" + std::string(value) + "'}");
}

Declaration declaration(std::string_view value) {
  const ServiceScene scene{annotated(value)};
  return declaration_of(public_doors(scene.world, test::kKpr, {"n1"}, false).at(0));  // https
}

TEST(Declaration, NamesAllPortsOrSome) {
  for (const char* names : {"true", " true ", "443", "443/TCP", "https", "metrics, https", "9090,443"})
    EXPECT_TRUE(declaration(names).names_port) << names;
  for (const char* names : {"", "false", "9090", "443/UDP", "metrics"}) {
    EXPECT_FALSE(declaration(names).names_port) << names;
    EXPECT_EQ(declaration(names).problem, "") << names;
  }
}

TEST(Declaration, ThatCannotBeReadSaysSo) {
  for (const char* wrong : {"yes", "443/tcp", "65536", "-1", "443,,80"}) {
    EXPECT_FALSE(declaration(wrong).problem.empty()) << wrong;
  }
  EXPECT_THAT(declaration("yes").problem, HasSubstr("'yes', which is none of true"));
  EXPECT_TRUE(declaration("yes, 443").names_port) << "what can be read counts";
}

std::string by(std::initializer_list<std::string> entrances) {
  ServiceScene scene(entrances);
  scene.add(test::load_balancer("infra/traefik", "traefik"));
  const auto doors = public_doors(scene.world, test::kKpr, {"n1"}, false);
  return declared_by(scene.world, doors.at(0), {{.port = 8080}});
}

std::string gateway(std::string_view address, int port) {
  return "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, namespace: infra}, spec: "
         "{listeners: [{name: web, protocol: HTTP, port: " +
         std::to_string(port) + "}]}, status: {addresses: [{value: '" + std::string(address) + "'}]}}";
}

TEST(Declared, ByAGatewayWhoseStatusNamesAddressAndPort) {
  EXPECT_EQ(by({gateway(test::kVip, 80)}), "Gateway infra/edge listener web");
  EXPECT_EQ(by({gateway(test::kVip, 8080)}), "Gateway infra/edge listener web") << "a container's port";
  EXPECT_EQ(by({gateway(test::kVip, 81)}), "");
  EXPECT_EQ(by({gateway("2001:db8:f::81", 80)}), "");
}

TEST(Declared, ByAnIngress) {
  EXPECT_EQ(by({"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: shop}, status: "
                "{loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}}}"}),
            "Ingress shop/web");
}

TEST(Declared, ANodePortIsMeantWithTheServicesPort) {
  ServiceScene scene{gateway(test::kVip, 80),
                     test::service("infra/traefik", "type: LoadBalancer, ports: [{port: 80, nodePort: 30080}]",
                                   "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}")};
  const auto doors = public_doors(scene.world, test::kKpr, {"n1"}, false);
  ASSERT_EQ(doors.size(), 2U);
  EXPECT_EQ(declared_by(scene.world, doors[1], {}), "Gateway infra/edge listener web");
}

}  // namespace
}  // namespace sextant::audit
