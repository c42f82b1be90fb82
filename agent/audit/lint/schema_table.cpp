#include <array>

#include "agent/audit/lint/schema.h"
#include "agent/policy/release.h"

namespace sextant::audit::lint {
namespace {

constexpr std::size_t kMostPorts = 40;
constexpr std::string_view kOperators = "In|NotIn|Exists|DoesNotExist";

// What all known releases have alike.
constexpr std::array kMembers{
    SchemaMember{"cilium", "endpointSelector", "selector"},
    SchemaMember{"cilium", "nodeSelector", "selector"},
    SchemaMember{"cilium", "ingress", "[]ingress"},
    SchemaMember{"cilium", "ingressDeny", "[]ingress-deny"},
    SchemaMember{"cilium", "egress", "[]egress"},
    SchemaMember{"cilium", "egressDeny", "[]egress-deny"},
    SchemaMember{"cilium", "enableDefaultDeny", "default-deny"},
    SchemaMember{"cilium", "description", "string"},
    SchemaMember{"cilium", "labels", "[]label"},
    SchemaMember{"label", "key", "string"},
    SchemaMember{"label", "source", "string"},
    SchemaMember{"label", "value", "string"},
    SchemaMember{"log", "value", "string"},
    SchemaMember{"default-deny", "ingress", "boolean"},
    SchemaMember{"default-deny", "egress", "boolean"},

    SchemaMember{"selector", "matchLabels", "labels"},
    SchemaMember{"selector", "matchExpressions", "[]expression"},
    SchemaMember{"expression", "key", "string"},
    SchemaMember{"expression", "operator", "string", kOperators},
    SchemaMember{"expression", "values", "[]string"},

    SchemaMember{"ingress", "fromEndpoints", "[]selector"},
    SchemaMember{"ingress", "fromCIDR", "[]cidr"},
    SchemaMember{"ingress", "fromCIDRSet", "[]cidr-rule"},
    SchemaMember{"ingress", "fromGroups", "[]group"},
    SchemaMember{"ingress", "fromNodes", "[]selector"},
    SchemaMember{"ingress", "toPorts", "[]port-rule"},
    SchemaMember{"ingress", "icmps", "[]icmp-rule"},
    SchemaMember{"ingress", "authentication", "authentication"},
    SchemaMember{"ingress-deny", "fromEndpoints", "[]selector"},
    SchemaMember{"ingress-deny", "fromCIDR", "[]cidr"},
    SchemaMember{"ingress-deny", "fromCIDRSet", "[]cidr-rule"},
    SchemaMember{"ingress-deny", "fromGroups", "[]group"},
    SchemaMember{"ingress-deny", "fromNodes", "[]selector"},
    SchemaMember{"ingress-deny", "toPorts", "[]port-deny-rule"},
    SchemaMember{"ingress-deny", "icmps", "[]icmp-rule"},
    SchemaMember{"egress", "toEndpoints", "[]selector"},
    SchemaMember{"egress", "toCIDR", "[]cidr"},
    SchemaMember{"egress", "toCIDRSet", "[]cidr-rule"},
    SchemaMember{"egress", "toGroups", "[]group"},
    SchemaMember{"egress", "toNodes", "[]selector"},
    SchemaMember{"egress", "toServices", "[]service"},
    SchemaMember{"egress", "toFQDNs", "[]name"},
    SchemaMember{"egress", "toPorts", "[]port-rule"},
    SchemaMember{"egress", "icmps", "[]icmp-rule"},
    SchemaMember{"egress", "authentication", "authentication"},
    SchemaMember{"egress-deny", "toEndpoints", "[]selector"},
    SchemaMember{"egress-deny", "toCIDR", "[]cidr"},
    SchemaMember{"egress-deny", "toCIDRSet", "[]cidr-rule"},
    SchemaMember{"egress-deny", "toGroups", "[]group"},
    SchemaMember{"egress-deny", "toNodes", "[]selector"},
    SchemaMember{"egress-deny", "toServices", "[]service"},
    SchemaMember{"egress-deny", "toPorts", "[]port-deny-rule"},
    SchemaMember{"egress-deny", "icmps", "[]icmp-rule"},

    SchemaMember{"cidr-rule", "cidr", "cidr"},
    SchemaMember{"cidr-rule", "cidrGroupRef", "string"},
    SchemaMember{"cidr-rule", "cidrGroupSelector", "selector"},
    SchemaMember{"cidr-rule", "except", "[]cidr"},
    SchemaMember{"group", "aws", "aws"},
    SchemaMember{"aws", "labels", "labels"},
    SchemaMember{"aws", "region", "string"},
    SchemaMember{"aws", "securityGroupsIds", "[]string"},
    SchemaMember{"aws", "securityGroupsNames", "[]string"},
    SchemaMember{"service", "k8sService", "k8s-service"},
    SchemaMember{"service", "k8sServiceSelector", "k8s-service-selector"},
    SchemaMember{"k8s-service", "namespace", "string"},
    SchemaMember{"k8s-service", "serviceName", "string"},
    SchemaMember{"k8s-service-selector", "namespace", "string"},
    SchemaMember{"k8s-service-selector", "selector", "selector"},
    SchemaMember{"name", "matchName", "string"},
    SchemaMember{"name", "matchPattern", "string"},
    SchemaMember{"authentication", "mode", "string", "disabled|required|test-always-fail"},

    SchemaMember{"icmp-rule", "fields", "[]icmp", {}, kMostPorts},
    SchemaMember{"icmp", "family", "string", "IPv4|IPv6"},
    SchemaMember{"icmp", "type", "any"},
    SchemaMember{"port-deny-rule", "ports", "[]port", {}, kMostPorts},
    SchemaMember{"port-rule", "ports", "[]port", {}, kMostPorts},
    SchemaMember{"port-rule", "rules", "l7"},
    SchemaMember{"port-rule", "listener", "listener"},
    SchemaMember{"port-rule", "originatingTLS", "tls"},
    SchemaMember{"port-rule", "terminatingTLS", "tls"},
    SchemaMember{"port-rule", "serverNames", "[]string"},
    SchemaMember{"port", "port", "string"},
    SchemaMember{"port", "endPort", "integer"},
    SchemaMember{"listener", "envoyConfig", "envoy-config"},
    SchemaMember{"listener", "name", "string"},
    SchemaMember{"listener", "priority", "integer"},
    SchemaMember{"envoy-config", "kind", "string", "CiliumEnvoyConfig|CiliumClusterwideEnvoyConfig"},
    SchemaMember{"envoy-config", "name", "string"},
    SchemaMember{"tls", "certificate", "string"},
    SchemaMember{"tls", "privateKey", "string"},
    SchemaMember{"tls", "secret", "secret"},
    SchemaMember{"tls", "trustedCA", "string"},
    SchemaMember{"secret", "name", "string"},
    SchemaMember{"secret", "namespace", "string"},
    SchemaMember{"l7", "http", "[]http"},
    SchemaMember{"l7", "dns", "[]name"},
    SchemaMember{"http", "headerMatches", "[]header"},
    SchemaMember{"http", "headers", "[]string"},
    SchemaMember{"http", "host", "string"},
    SchemaMember{"http", "method", "string"},
    SchemaMember{"http", "path", "string"},
    SchemaMember{"header", "mismatch", "string", "LOG|ADD|DELETE|REPLACE"},
    SchemaMember{"header", "name", "string"},
    SchemaMember{"header", "secret", "secret"},
    SchemaMember{"header", "value", "string"},

    SchemaMember{"kubernetes", "podSelector", "selector"},
    SchemaMember{"kubernetes", "policyTypes", "[]string", "Ingress|Egress", 2},
    SchemaMember{"kubernetes", "ingress", "[]kubernetes-ingress"},
    SchemaMember{"kubernetes", "egress", "[]kubernetes-egress"},
    SchemaMember{"kubernetes-ingress", "from", "[]peer"},
    SchemaMember{"kubernetes-ingress", "ports", "[]kubernetes-port"},
    SchemaMember{"kubernetes-egress", "to", "[]peer"},
    SchemaMember{"kubernetes-egress", "ports", "[]kubernetes-port"},
    SchemaMember{"peer", "podSelector", "selector"},
    SchemaMember{"peer", "namespaceSelector", "selector"},
    SchemaMember{"peer", "ipBlock", "ip-block"},
    SchemaMember{"ip-block", "cidr", "cidr"},
    SchemaMember{"ip-block", "except", "[]cidr"},
    SchemaMember{"kubernetes-port", "protocol", "string", "TCP|UDP|SCTP"},
    SchemaMember{"kubernetes-port", "port", "any"},
    SchemaMember{"kubernetes-port", "endPort", "integer"},
};

// What they do not have alike.
void add_of_release(std::vector<SchemaMember>& members, policy::Release release) {
  using policy::has;
  using policy::Trait;
  const std::string_view entities =
      has(release, Trait::kClusterMeshEntity)
          ? "all|world|cluster|cluster-mesh|host|init|ingress|unmanaged|remote-node|health|none|kube-apiserver"
          : "all|world|cluster|host|init|ingress|unmanaged|remote-node|health|none|kube-apiserver";
  const std::string_view protocols = has(release, Trait::kTunnelProtocols)
                                         ? "TCP|UDP|SCTP|VRRP|IGMP|GRE|IPIP|IPV6|ESP|AH|ANY"
                                     : has(release, Trait::kVrrpAndIgmp) ? "TCP|UDP|SCTP|VRRP|IGMP|ANY"
                                                                         : "TCP|UDP|SCTP|ANY";
  members.push_back({"port", "protocol", "string", protocols});
  for (const std::string_view rule : {"ingress", "ingress-deny"}) {
    members.push_back({rule, "fromEntities", "[]string", entities});
    members.push_back({rule, "fromRequires", "[]selector"});
  }
  for (const std::string_view rule : {"egress", "egress-deny"}) {
    members.push_back({rule, "toEntities", "[]string", entities});
    members.push_back({rule, "toRequires", "[]selector"});
  }
  if (has(release, Trait::kLogField)) members.push_back({"cilium", "log", "log"});
  if (!has(release, Trait::kKafkaAndL7Proto)) return;
  members.push_back({"l7", "kafka", "[]any"});
  members.push_back({"l7", "l7", "[]any"});
  members.push_back({"l7", "l7proto", "string"});
}

}  // namespace

std::vector<SchemaMember> schema_of(policy::Release release) {
  std::vector<SchemaMember> members(kMembers.begin(), kMembers.end());
  add_of_release(members, release);
  return members;
}

}  // namespace sextant::audit::lint
