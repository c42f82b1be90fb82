// remote-clients: cluster or remote-node where native routing or kube-proxy's masquerade lets the internet in.
//
// Documentation/security/policy/caveats.rst of Cilium: a request to a service that one node receives and forwards to a
// pod of another has the identity remote-node. It cannot happen where the manifests hold services and none of those
// that select the pod takes outside traffic through every node (type NodePort or LoadBalancer, or externalIPs, with
// externalTrafficPolicy Cluster). Manifests without any service leave the question open, and the remark is made.
#include <algorithm>
#include <array>

#include "agent/audit/lint/checks.h"

namespace sextant::audit::lint {
namespace {

constexpr std::array<std::string_view, 3> kEntities{"cluster", "cluster-mesh", "remote-node"};

bool takes_clients_through_any_node(const Service& service) {
  const bool outside = service.type == "NodePort" || service.type == "LoadBalancer" || !service.external_ips.empty();
  return outside && !service.external_traffic_local;
}

bool selects(const Service& service, const Pod& pod) {
  if (service.ns != pod.ns || service.selector.empty()) return false;
  return std::ranges::all_of(service.selector, [&](const auto& wanted) {
    const auto own = pod.labels.find(wanted.first);
    return own != pod.labels.end() && own->second == wanted.second;
  });
}

// The service by which clients come; "" where the manifests hold no service at all; nullopt: none can.
std::optional<std::string> service_for(const Tree& tree, const std::vector<const SubjectView*>& subjects) {
  const auto& services = tree.given().services();
  if (services.empty()) return "";
  for (const auto& [key, service] : services) {
    if (!takes_clients_through_any_node(service)) continue;
    for (const SubjectView* subject : subjects) {
      if (subject->pod != nullptr && selects(service, *subject->pod)) return service.ns + "/" + service.name;
    }
  }
  return std::nullopt;
}

// Whether the internet is let in on the same ports anyway.
bool says_world(const RuleView& rule) { return names_entity(rule, "world") || names_entity(rule, "all"); }

}  // namespace

void check_remote_clients(const Tree& tree, Remarks& remarks) {
  for_each_rule(tree, [&](const PolicyView& policy, const SpecView& spec, const RuleView& rule) {
    if (rule.deny || spec.node || says_world(rule) || tree.is_rejected(policy)) return;
    const auto entity = std::ranges::find_if(kEntities, [&](std::string_view e) { return names_entity(rule, e); });
    if (entity == kEntities.end()) return;
    const auto service = service_for(tree, tree.selected_by(policy, spec));
    if (!service) return;
    std::string message =
        "the entity " + std::string(*entity) + " lets the internet in with native routing or kube-proxy: a client ";
    message += service->empty() ? "of a NodePort or LoadBalancer service" : "of service " + *service;
    message += " that comes in through another node is seen as remote-node";
    remarks.push_back(
        {ReasonId::kRemoteClients, policy.at(rule.where + ".fromEntities", rule.document->get("fromEntities")),
         std::move(message),
         "name who is meant: fromEndpoints for pods, host for probes of the kubelet, ingress for Cilium's "
         "gateway; or set externalTrafficPolicy: Local on the service, or Cilium's DSR"});
  });
}

}  // namespace sextant::audit::lint
