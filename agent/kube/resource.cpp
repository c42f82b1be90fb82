#include "agent/kube/resource.h"

#include <utility>

namespace sextant::kube {
namespace {

constexpr std::string_view kLastApplied = "metadata annotations kubectl.kubernetes.io/last-applied-configuration";

FieldTree named() {
  FieldTree fields = FieldTree::nothing();
  fields.keep({"metadata name", "metadata namespace", "metadata resourceVersion"});
  return fields;
}

// Whole but for what no reader asks for and what may be larger than all the rest.
FieldTree whole() {
  FieldTree fields = FieldTree::everything();
  fields.drop("metadata managedFields").drop(kLastApplied).drop("status");
  return fields;
}

FieldTree pod_fields() {
  FieldTree fields = named();
  return fields.keep({"metadata uid", "metadata labels", "metadata annotations kubernetes.io/config.mirror",
                      "metadata annotations sextant.dev/public", "metadata ownerReferences controller",
                      "metadata ownerReferences kind", "metadata ownerReferences name", "spec nodeName",
                      "spec hostNetwork", "spec serviceAccountName", "spec serviceAccount", "spec containers name",
                      "spec containers image", "spec containers ports", "spec initContainers restartPolicy",
                      "spec initContainers ports", "status phase", "status podIP", "status podIPs"});
}

FieldTree peer_pod_fields() {
  FieldTree fields = named();
  return fields.keep({"metadata labels", "spec nodeName", "spec hostNetwork", "spec serviceAccountName",
                      "spec serviceAccount", "status phase", "status podIP", "status podIPs"});
}

FieldTree service_fields() {
  FieldTree fields = named();
  fields.keep({"metadata labels", "metadata annotations", "spec", "status loadBalancer"});
  return fields.drop(kLastApplied);
}

Resource core(std::string kind, std::string plural, ObjectKind object_kind, FieldTree fields) {
  return {.title = plural,
          .kind = std::move(kind),
          .plural = std::move(plural),
          .versions = {"v1"},
          .object_kind = object_kind,
          .fields = std::move(fields)};
}

struct Custom {
  std::string_view kind;
  std::string_view group;
  std::string_view plural;
  std::vector<std::string> versions;
  ObjectKind object_kind;
};

Resource custom(Custom custom, FieldTree fields) {
  return {.title = std::string(custom.plural) + "." + std::string(custom.group),
          .kind = std::string(custom.kind),
          .group = std::string(custom.group),
          .plural = std::string(custom.plural),
          .versions = std::move(custom.versions),
          .is_custom = true,
          .object_kind = custom.object_kind,
          .fields = std::move(fields)};
}

Resource grouped(Custom built_in, FieldTree fields) {
  Resource resource = custom(std::move(built_in), std::move(fields));
  resource.is_custom = false;
  return resource;
}

// Finished pods hold no address, and pods without a node send nothing.
std::string other_nodes(std::string_view node) {
  return encode("spec.nodeName!=" + std::string(node) +
                ",spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed");
}

// What names the public addresses of services as meant to be entered by.
void add_entrances(std::vector<Resource>& all) {
  FieldTree ingress_fields = named();
  ingress_fields.keep({"spec tls hosts", "status loadBalancer ingress ip"});
  all.push_back(
      grouped({"Ingress", "networking.k8s.io", "ingresses", {"v1"}, ObjectKind::kIngress}, std::move(ingress_fields)));
  FieldTree gateway_fields = named();
  gateway_fields.keep({"spec listeners name", "spec listeners port", "spec listeners protocol", "status addresses"});
  all.push_back(custom({"Gateway", "gateway.networking.k8s.io", "gateways", {"v1", "v1beta1"}, ObjectKind::kGateway},
                       std::move(gateway_fields)));
}

void add_cilium(std::vector<Resource>& all) {
  constexpr std::string_view kCilium = "cilium.io";
  all.push_back(custom(
      {"CiliumNetworkPolicy", kCilium, "ciliumnetworkpolicies", {"v2"}, ObjectKind::kCiliumNetworkPolicy}, whole()));
  all.push_back(custom({"CiliumClusterwideNetworkPolicy",
                        kCilium,
                        "ciliumclusterwidenetworkpolicies",
                        {"v2"},
                        ObjectKind::kCiliumClusterwideNetworkPolicy},
                       whole()));
  all.push_back(custom(
      {"CiliumCIDRGroup", kCilium, "ciliumcidrgroups", {"v2", "v2alpha1"}, ObjectKind::kCiliumCidrGroup}, whole()));
  FieldTree node_fields = named();
  node_fields.keep({"spec addresses", "spec ipam podCIDRs"});
  all.push_back(
      custom({"CiliumNode", kCilium, "ciliumnodes", {"v2"}, ObjectKind::kCiliumNode}, std::move(node_fields)));
  all.push_back(custom({"CiliumLoadBalancerIPPool",
                        kCilium,
                        "ciliumloadbalancerippools",
                        {"v2", "v2alpha1"},
                        ObjectKind::kCiliumLoadBalancerIpPool},
                       whole()));
}

}  // namespace

std::vector<Resource> model_resources(std::string_view node) {
  std::vector<Resource> all;
  FieldTree labelled = named();
  labelled.keep("metadata labels");
  all.push_back(core("Namespace", "namespaces", ObjectKind::kNamespace, labelled));
  FieldTree node_fields = labelled;
  node_fields.keep({"spec podCIDR", "spec podCIDRs", "status addresses"});
  all.push_back(core("Node", "nodes", ObjectKind::kNode, std::move(node_fields)));
  all.push_back(core("Pod", "pods", ObjectKind::kPod, pod_fields()));
  all.back().field_selector = encode("spec.nodeName=" + std::string(node));
  all.push_back(core("Pod", "pods", ObjectKind::kPod, peer_pod_fields()));
  all.back().title = "pods of other nodes";
  all.back().field_selector = other_nodes(node);
  all.push_back(core("Service", "services", ObjectKind::kService, service_fields()));
  FieldTree slice_fields = named();
  slice_fields.keep({"metadata labels kubernetes.io/service-name", "addressType", "endpoints addresses",
                     "endpoints nodeName", "endpoints targetRef kind", "endpoints targetRef name",
                     "endpoints conditions", "ports"});
  all.push_back(grouped({"EndpointSlice", "discovery.k8s.io", "endpointslices", {"v1"}, ObjectKind::kEndpointSlice},
                        std::move(slice_fields)));
  all.push_back(
      grouped({"NetworkPolicy", "networking.k8s.io", "networkpolicies", {"v1"}, ObjectKind::kNetworkPolicy}, whole()));
  all.push_back(custom({"ClusterNetworkPolicy",
                        "policy.networking.k8s.io",
                        "clusternetworkpolicies",
                        {},
                        ObjectKind::kClusterNetworkPolicy},
                       whole()));
  add_entrances(all);
  add_cilium(all);
  return all;
}

Resource cilium_config() {
  FieldTree fields = named();
  fields.keep("data");
  return {.title = "configmaps kube-system/cilium-config",
          .kind = "ConfigMap",
          .plural = "configmaps",
          .versions = {"v1"},
          .ns = "kube-system",
          .field_selector = encode("metadata.name=cilium-config"),
          .fields = std::move(fields)};
}

Resource custom_resource_definitions() {
  return {.title = "customresourcedefinitions.apiextensions.k8s.io",
          .kind = "CustomResourceDefinition",
          .group = "apiextensions.k8s.io",
          .plural = "customresourcedefinitions",
          .versions = {"v1"},
          .metadata_only = true,
          .tells_every_change = true,
          .fields = named()};
}

std::string api_version_of(const Resource& resource, std::string_view version) {
  return resource.group.empty() ? std::string(version) : resource.group + "/" + std::string(version);
}

std::string path_of(const Resource& resource, std::string_view version) {
  std::string path = (resource.group.empty() ? "/api/" : "/apis/") + api_version_of(resource, version);
  if (!resource.ns.empty()) path += "/namespaces/" + resource.ns;
  return path + "/" + resource.plural;
}

std::string encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

}  // namespace sextant::kube
