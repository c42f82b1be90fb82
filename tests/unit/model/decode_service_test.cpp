#include <gtest/gtest.h>

#include "agent/model/objects.h"
#include "tests/unit/model/decoded.h"

namespace sextant {
namespace {

using test::decode_error;
using test::decoded;
using Strings = std::vector<std::string>;

std::string service_with(std::string_view spec, std::string_view annotations = "") {
  return "{apiVersion: v1, kind: Service, metadata: {name: s, annotations: {" + std::string(annotations) +
         "}}, spec: {" + std::string(spec) + "}}";
}

TEST(DecodeService, ReadsWhatVerdictsNeed) {
  const auto service = decoded<Service>(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {a: b}, annotations: {c: d}}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: web}
  clusterIP: "2001:db8:5::1"
  clusterIPs: ["2001:db8:5::1", 10.96.0.1]
  externalIPs: ["2001:db8:6::1"]
  loadBalancerSourceRanges: [2001:db8:100::/48]
  ports:
  - {name: https, port: 443, targetPort: https, nodePort: 30443}
  - {name: quic, port: 443, protocol: UDP, targetPort: 8443}
  - {port: 80}
status:
  loadBalancer: {ingress: [{ip: "2001:db8:7::1"}, {hostname: lb.example}]}
)");
  EXPECT_EQ(service.ns, "shop");
  EXPECT_EQ(service.type, "LoadBalancer");
  EXPECT_EQ(service.labels, (Labels{{"a", "b"}}));
  EXPECT_EQ(service.annotations, (Labels{{"c", "d"}}));
  EXPECT_EQ(service.selector, (Labels{{"app", "web"}}));
  EXPECT_TRUE(service.external_traffic_local);
  EXPECT_EQ(test::strings(service.cluster_ips), (Strings{"2001:db8:5::1", "10.96.0.1"}));
  EXPECT_EQ(test::strings(service.external_ips), Strings{"2001:db8:6::1"});
  EXPECT_EQ(test::strings(service.load_balancer_ips), Strings{"2001:db8:7::1"});
  EXPECT_EQ(test::strings(service.source_ranges), Strings{"2001:db8:100::/48"});
  ASSERT_EQ(service.ports.size(), 3U);
  EXPECT_EQ(service.ports[0].target_port, "https");
  EXPECT_EQ(service.ports[0].node_port, 30443);
  EXPECT_EQ(service.ports[1].protocol, Protocol::kUdp);
  EXPECT_EQ(service.ports[1].target_port, "8443");
  EXPECT_EQ(service.ports[2].port, 80);
  EXPECT_EQ(service.ports[2].target_port, "");
}

TEST(DecodeService, HasKubernetesDefaults) {
  const auto service = decoded<Service>(service_with("clusterIP: None"));
  EXPECT_EQ(service.type, "ClusterIP");
  EXPECT_EQ(service.ns, "default");
  EXPECT_FALSE(service.external_traffic_local);
  EXPECT_TRUE(service.cluster_ips.empty());
  EXPECT_TRUE(decoded<Service>(service_with("clusterIPs: [None]")).cluster_ips.empty());
  EXPECT_TRUE(decoded<Service>(service_with("clusterIP: ''")).cluster_ips.empty());
  EXPECT_EQ(test::strings(decoded<Service>(service_with("clusterIP: '2001:db8::1'")).cluster_ips),
            Strings{"2001:db8::1"});
}

TEST(DecodeService, TakesSourceRangesFromTheAnnotationOnlyWithoutTheField) {
  constexpr std::string_view kAnnotation =
      "service.beta.kubernetes.io/load-balancer-source-ranges: '2001:db8:1::/48, 2001:db8:2::/48,'";
  EXPECT_EQ(test::strings(decoded<Service>(service_with("", kAnnotation)).source_ranges),
            (Strings{"2001:db8:1::/48", "2001:db8:2::/48"}));
  EXPECT_EQ(
      test::strings(decoded<Service>(service_with("loadBalancerSourceRanges: ['::/0']", kAnnotation)).source_ranges),
      Strings{"::/0"});
  EXPECT_EQ(
      decode_error(service_with("", "service.beta.kubernetes.io/load-balancer-source-ranges: 'x'")),
      "metadata.annotations['service.beta.kubernetes.io/load-balancer-source-ranges']: 'x' is no prefix (line 1)");
}

TEST(DecodeService, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(decode_error(service_with("ports: [{port: '80'}]")),
            "spec.ports[0].port: an integer is wanted, not a string (line 1)");
  EXPECT_EQ(decode_error(service_with("ports: [{port: 1, targetPort: [1]}]")),
            "spec.ports[0].targetPort: a string is wanted, not a list (line 1)");
  EXPECT_EQ(decode_error(service_with("externalIPs: [x]")), "spec.externalIPs[0]: 'x' is no IP address (line 1)");
  EXPECT_EQ(decode_error(service_with("loadBalancerSourceRanges: [x]")),
            "spec.loadBalancerSourceRanges[0]: 'x' is no prefix (line 1)");
}

TEST(DecodeEndpointSlice, ReadsAddressesAndPorts) {
  const auto slice = decoded<EndpointSlice>(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
endpoints:
- {addresses: ["2001:db8:1::5"]}
- {addresses: ["2001:db8:1::6"]}
ports: [{name: https, port: 8443, protocol: TCP}]
)");
  EXPECT_EQ(slice.service, "web");
  EXPECT_EQ(test::strings(slice.addresses), (Strings{"2001:db8:1::5", "2001:db8:1::6"}));
  ASSERT_EQ(slice.ports.size(), 1U);
  EXPECT_EQ(slice.ports[0].port, 8443);
}

TEST(DecodeEndpointSlice, OfNamesHasNoAddresses) {
  EXPECT_TRUE(decoded<EndpointSlice>("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x}, "
                                     "addressType: FQDN, endpoints: [{addresses: [example.org]}]}")
                  .addresses.empty());
  EXPECT_EQ(decode_error("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x}, "
                         "addressType: IPv6, endpoints: [{addresses: [example.org]}]}"),
            "endpoints[0].addresses[0]: 'example.org' is no IP address (line 1)");
}

}  // namespace
}  // namespace sextant
