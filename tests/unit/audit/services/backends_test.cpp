#include "agent/audit/services/backends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::ServiceScene;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kService = test::service(
    "shop/web", "type: LoadBalancer, selector: {app: web}, ports: [{name: https, port: 443, targetPort: tls}]",
    "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}");

std::string slice(std::string_view endpoints, std::string_view ports = "{name: https, port: 8443}") {
  return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1, namespace: shop, labels: "
         "{kubernetes.io/service-name: web}}, addressType: IPv6, endpoints: [" +
         std::string(endpoints) + "], ports: [" + std::string(ports) + "]}";
}

std::vector<std::string> names(const ServiceScene& scene) {
  std::vector<std::string> names;
  const std::vector<Door> doors = public_doors(scene.world, test::kKpr, {"n1"}, false);
  if (doors.empty()) return {"no door"};
  for (const Backend& backend : backends_of(scene.world, doors.front())) names.push_back(backend.name());
  return names;
}

TEST(Backends, AreWhatTheSlicesName) {
  const ServiceScene scene{
      kService, test::pod("shop/web-0", "app: web", "2001:db8:1::5"),
      test::pod("shop/web-1", "app: web", "2001:db8:1::6"),
      test::pod("shop/host", "app: web", "2001:db8::2", "n2", "hostNetwork: true"),
      slice("{addresses: ['2001:db8:1::5'], targetRef: {kind: Pod, name: web-0}}, {addresses: ['2001:db8:1::6']}, "
            "{addresses: ['2001:db8::2'], targetRef: {kind: Pod, name: host}}, {addresses: ['2001:db8::1']}, "
            "{addresses: ['2001:db8:9::9']}")};
  EXPECT_THAT(names(scene), ElementsAre("shop/web-0 8443", "shop/web-1 8443", "node/n1 8443", "node/n2 8443",
                                        "[2001:db8:9::9]:8443"));
}

TEST(Backends, AreOnlyThoseOfThePortAndReady) {
  EXPECT_THAT(names({kService, slice("{addresses: ['2001:db8:9::9']}", "{name: http, port: 80}")}), IsEmpty());
  EXPECT_THAT(names({kService, slice("{addresses: ['2001:db8:9::9'], conditions: {ready: false}}")}), IsEmpty());
}

TEST(Backends, ThatEndServeWhereNoneIsReady) {
  const std::string ending =
      "{addresses: ['2001:db8:9::8'], conditions: {ready: false, serving: true, terminating: true}}";
  EXPECT_THAT(names({kService, slice(ending)}), ElementsAre("[2001:db8:9::8]:8443"));
  EXPECT_THAT(names({kService, slice(ending + ", {addresses: ['2001:db8:9::9']}")}),
              ElementsAre("[2001:db8:9::9]:8443"));
}

TEST(Backends, WithoutSlicesAreWhatTheSelectorFinds) {
  const std::string ports = "containers: [{ports: [{name: tls, containerPort: 9443}]}]";
  const ServiceScene scene{kService, test::pod("shop/web-0", "app: web", "2001:db8:1::5", "n1", ports),
                           test::pod("shop/nameless", "app: web", "2001:db8:1::6"),
                           test::pod("shop/db", "app: db", "2001:db8:1::7", "n1", ports),
                           test::pod("ops/web", "app: web", "2001:db8:1::8", "n1", ports)};
  EXPECT_THAT(names(scene), ElementsAre("shop/web-0 9443")) << "a pod without the named port is none";
}

TEST(Backends, OfManifestsWithoutPodsAreTheTemplates) {
  const ServiceScene scene{
      kService,
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {metadata: "
      "{labels: {app: web}}, spec: {containers: [{ports: [{name: tls, containerPort: 9443}]}]}}}}"};
  EXPECT_THAT(names(scene), ElementsAre("Deployment shop/web 9443"));
}

}  // namespace
}  // namespace sextant::audit
