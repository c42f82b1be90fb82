// Service, EndpointSlice, and what leads to services: Gateway and Ingress.
#include <string>
#include <string_view>

#include "agent/model/decode.h"

namespace sextant {
namespace {

std::vector<ServicePort> decode_ports(const Field& ports) {
  std::vector<ServicePort> decoded;
  for (const Field& port : ports.items()) {
    decoded.push_back({.name = port["name"].string(),
                       .protocol = port["protocol"].protocol(),
                       .port = port["port"].port(),
                       .node_port = port["nodePort"].port(),
                       .target_port = port["targetPort"].string_or_number()});
  }
  return decoded;
}

// "None" is the cluster IP of a headless service.
void add_cluster_ip(const Field& field, std::vector<IpAddress>& to) {
  if (field.string() == "None") return;
  if (const auto a = field.address()) to.push_back(*a);
}

std::vector<IpAddress> cluster_ips(const Field& spec) {
  std::vector<IpAddress> addresses;
  const auto items = spec["clusterIPs"].items();
  for (const Field& item : items) add_cluster_ip(item, addresses);
  if (items.empty()) add_cluster_ip(spec["clusterIP"], addresses);
  return addresses;
}

// The annotation counts only without the field (k8s.io/cloud-provider, service/helpers: GetLoadBalancerSourceRanges).
std::vector<Prefix> source_ranges(const Field& spec, const Field& annotation) {
  auto ranges = spec["loadBalancerSourceRanges"].prefixes();
  if (!ranges.empty()) return ranges;
  const std::string text = annotation.string();
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    auto prefix = Prefix::parse(one);
    if (prefix) {
      ranges.push_back(*prefix);
    } else {
      annotation.fail(prefix.error().what);
    }
  }
  return ranges;
}

// The API's own reading of absent conditions (discovery/v1, EndpointConditions).
bool condition(const Field& conditions, std::string_view name, bool otherwise) {
  const Field field = conditions[name];
  return field.present() ? field.boolean() : otherwise;
}

SliceEndpoint decode_endpoint(const Field& endpoint) {
  SliceEndpoint decoded{.addresses = endpoint["addresses"].addresses(), .node_name = endpoint["nodeName"].string()};
  const Field target = endpoint["targetRef"];
  if (target["kind"].string() == "Pod") decoded.pod = target["name"].string();
  const Field conditions = endpoint["conditions"];
  decoded.ready = condition(conditions, "ready", true);
  decoded.serving = condition(conditions, "serving", decoded.ready);
  decoded.terminating = condition(conditions, "terminating", false);
  return decoded;
}

}  // namespace

Service decode_service(const Field& object, const ObjectHead& head) {
  const Field metadata = object["metadata"];
  const Field spec = object["spec"];
  Service service{.ns = head.ns, .name = head.name, .type = spec["type"].string(), .origin = head.origin};
  if (service.type.empty()) service.type = "ClusterIP";
  service.labels = metadata["labels"].labels();
  service.annotations = metadata["annotations"].labels();
  service.selector = spec["selector"].labels();
  service.ports = decode_ports(spec["ports"]);
  service.cluster_ips = cluster_ips(spec);
  service.external_ips = spec["externalIPs"].addresses();
  for (const Field& ingress : object["status"]["loadBalancer"]["ingress"].items()) {
    if (ingress["ipMode"].string() == "Proxy") continue;
    if (const auto a = ingress["ip"].address()) service.load_balancer_ips.push_back(*a);
  }
  service.source_ranges =
      source_ranges(spec, metadata["annotations"]["service.beta.kubernetes.io/load-balancer-source-ranges"]);
  service.external_traffic_local = spec["externalTrafficPolicy"].string() == "Local";
  service.internal_traffic_local = spec["internalTrafficPolicy"].string() == "Local";
  return service;
}

EndpointSlice decode_endpoint_slice(const Field& object, const ObjectHead& head) {
  EndpointSlice slice{.ns = head.ns, .name = head.name, .origin = head.origin};
  const Labels labels = object["metadata"]["labels"].labels();
  if (const auto service = labels.find("kubernetes.io/service-name"); service != labels.end()) {
    slice.service = service->second;
  }
  slice.ports = decode_ports(object["ports"]);
  if (object["addressType"].string() == "FQDN") return slice;  // names, which no packet carries
  for (const Field& endpoint : object["endpoints"].items()) slice.endpoints.push_back(decode_endpoint(endpoint));
  return slice;
}

// A listener without a port of its own cannot be (the API server refuses it); its protocols are those of the Gateway
// API: HTTP, HTTPS, TLS and TCP, or UDP.
Entrance decode_gateway(const Field& object, const ObjectHead& head) {
  Entrance gateway{.kind = ObjectKind::kGateway, .ns = head.ns, .name = head.name, .origin = head.origin};
  for (const Field& entry : object["status"]["addresses"].items()) {
    const std::string type = entry["type"].string();
    if (!type.empty() && type != "IPAddress") continue;
    if (const auto a = IpAddress::parse(entry["value"].string())) gateway.addresses.push_back(*a);
  }
  for (const Field& listener : object["spec"]["listeners"].items()) {
    const bool udp = listener["protocol"].string() == "UDP";
    gateway.ports.push_back({.name = listener["name"].string(),
                             .protocol = udp ? Protocol::kUdp : Protocol::kTcp,
                             .port = listener["port"].port()});
  }
  return gateway;
}

Entrance decode_ingress(const Field& object, const ObjectHead& head) {
  Entrance ingress{.kind = ObjectKind::kIngress, .ns = head.ns, .name = head.name, .origin = head.origin};
  for (const Field& entry : object["status"]["loadBalancer"]["ingress"].items()) {
    if (const auto a = entry["ip"].address()) ingress.addresses.push_back(*a);
  }
  ingress.ports.push_back({.name = "http", .port = 80});
  if (!object["spec"]["tls"].items().empty()) ingress.ports.push_back({.name = "https", .port = 443});
  return ingress;
}

}  // namespace sextant
