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

TEST(DecodeService, OfWhatALoadBalancerProxiesNoAddressIsANodes) {
  const auto service = decoded<Service>(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, internalTrafficPolicy: Local}
status: {loadBalancer: {ingress: [{ip: "2001:db8:7::1", ipMode: Proxy}, {ip: "2001:db8:7::2", ipMode: VIP}]}}
)");
  EXPECT_EQ(test::strings(service.load_balancer_ips), Strings{"2001:db8:7::2"});
  EXPECT_TRUE(service.internal_traffic_local);
}

TEST(DecodeEndpointSlice, ReadsEndpointsAndPorts) {
  const auto slice = decoded<EndpointSlice>(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
endpoints:
- {addresses: ["2001:db8:1::5"], nodeName: n1, targetRef: {kind: Pod, name: web-0, namespace: shop}}
- {addresses: ["2001:db8:1::6"], conditions: {ready: false, serving: true, terminating: true}}
- {addresses: ["2001:db8:1::7"], conditions: {ready: null, terminating: false}}
- {addresses: ["2001:db8:1::8"], conditions: {ready: false}, targetRef: {kind: Node, name: n1}}
ports: [{name: https, port: 8443, protocol: TCP}]
)");
  EXPECT_EQ(slice.service, "web");
  ASSERT_EQ(slice.endpoints.size(), 4U);
  EXPECT_EQ(test::strings(slice.endpoints[0].addresses), Strings{"2001:db8:1::5"});
  EXPECT_EQ(slice.endpoints[0].pod, "web-0");
  EXPECT_EQ(slice.endpoints[0].node_name, "n1");
  EXPECT_TRUE(slice.endpoints[0].ready && slice.endpoints[0].serving && !slice.endpoints[0].terminating);
  EXPECT_TRUE(!slice.endpoints[1].ready && slice.endpoints[1].serving && slice.endpoints[1].terminating);
  EXPECT_TRUE(slice.endpoints[2].ready) << "null is what absent is";
  EXPECT_FALSE(slice.endpoints[3].serving) << "as ready";
  EXPECT_EQ(slice.endpoints[3].pod, "");
  ASSERT_EQ(slice.ports.size(), 1U);
  EXPECT_EQ(slice.ports[0].port, 8443);
}

TEST(DecodeEndpointSlice, OfNamesHasNoAddresses) {
  EXPECT_TRUE(decoded<EndpointSlice>("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x}, "
                                     "addressType: FQDN, endpoints: [{addresses: [example.org]}]}")
                  .endpoints.empty());
  EXPECT_EQ(decode_error("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x}, "
                         "addressType: IPv6, endpoints: [{addresses: [example.org]}]}"),
            "endpoints[0].addresses[0]: 'example.org' is no IP address (line 1)");
}

TEST(DecodeGateway, ReadsWhereItIsEnteredAndByWhichListeners) {
  const auto gateway = decoded<Entrance>(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: traefik
  listeners:
  - {name: https, protocol: HTTPS, port: 443}
  - {name: dns, protocol: UDP, port: 53}
status:
  addresses: [{type: IPAddress, value: "2001:db8:7::1"}, {value: "2001:db8:7::2"}, {type: Hostname, value: edge.example}]
)");
  EXPECT_EQ(key_of(gateway), (ObjectKey{.kind = ObjectKind::kGateway, .ns = "infra", .name = "edge"}));
  EXPECT_EQ(test::strings(gateway.addresses), (Strings{"2001:db8:7::1", "2001:db8:7::2"}));
  EXPECT_EQ(gateway.ports, (std::vector<EntrancePort>{{.name = "https", .port = 443},
                                                      {.name = "dns", .protocol = Protocol::kUdp, .port = 53}}));
}

TEST(DecodeIngress, IsEnteredBy80AndWithTlsBy443) {
  const auto of = [](std::string_view spec) {
    return decoded<Entrance>(
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: shop, namespace: shop}, spec: {" +
        std::string(spec) + "}, status: {loadBalancer: {ingress: [{ip: '2001:db8:7::1'}, {hostname: x}]}}}");
  };
  const auto plain = of("");
  EXPECT_EQ(plain.kind, ObjectKind::kIngress);
  EXPECT_EQ(test::strings(plain.addresses), Strings{"2001:db8:7::1"});
  ASSERT_EQ(plain.ports.size(), 1U);
  EXPECT_EQ(plain.ports[0].port, 80);
  const auto with_tls = of("tls: [{secretName: cert}]");
  ASSERT_EQ(with_tls.ports.size(), 2U);
  EXPECT_EQ(with_tls.ports[1].port, 443);
}

}  // namespace
}  // namespace sextant
