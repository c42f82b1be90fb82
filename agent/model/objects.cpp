#include "agent/model/objects.h"

#include <array>
#include <utility>

namespace sextant {
namespace {

template <class T>
bool same_whole(const T& a, const T& b) {
  const bool same_body = a.body == b.body || (a.body && b.body && *a.body == *b.body);
  return a.kind == b.kind && a.ns == b.ns && a.name == b.name && a.origin == b.origin && same_body;
}

}  // namespace

std::string Origin::to_string() const {
  if (!file.empty()) return line == 0 ? file : file + ":" + std::to_string(line);
  return resource_version.empty() ? std::string() : "resourceVersion " + resource_version;
}

std::string_view to_string(ObjectKind kind) {
  static constexpr std::array<std::string_view, 17> kNames{
      "Namespace",
      "Node",
      "Pod",
      "Workload",
      "Service",
      "EndpointSlice",
      "NetworkPolicy",
      "CiliumNetworkPolicy",
      "CiliumClusterwideNetworkPolicy",
      "ClusterNetworkPolicy",
      "CiliumCIDRGroup",
      "CiliumNode",
      "CiliumEndpoint",
      "CiliumLoadBalancerIPPool",
      "ExposureContract",
      "Gateway",
      "Ingress",
  };
  static_assert(kNames.size() == std::to_underlying(ObjectKind::kIngress) + 1);
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view short_name(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kCiliumNetworkPolicy:
      return "CNP";
    case ObjectKind::kCiliumClusterwideNetworkPolicy:
      return "CCNP";
    case ObjectKind::kNetworkPolicy:
      return "KNP";
    default:
      return to_string(kind);
  }
}

std::string ObjectKey::to_string() const {
  // A workload's name holds its kind: "Deployment/web".
  const auto slash = kind == ObjectKind::kWorkload ? name.find('/') : std::string::npos;
  const bool split = slash != std::string::npos;
  const std::string shown_kind = split ? name.substr(0, slash) : std::string(sextant::to_string(kind));
  const std::string shown_name = split ? name.substr(slash + 1) : name;
  return shown_kind + " " + (ns.empty() ? shown_name : ns + "/" + shown_name);
}

bool PolicyObject::operator==(const PolicyObject& other) const { return same_whole(*this, other); }
bool OtherObject::operator==(const OtherObject& other) const { return same_whole(*this, other); }

namespace {

struct KeyOf {
  ObjectKey operator()(const Namespace& n) const { return {.kind = ObjectKind::kNamespace, .name = n.name}; }
  ObjectKey operator()(const Node& n) const { return {.kind = ObjectKind::kNode, .name = n.name}; }
  ObjectKey operator()(const Pod& p) const { return {.kind = ObjectKind::kPod, .ns = p.ns, .name = p.name}; }
  ObjectKey operator()(const Workload& w) const {
    return {.kind = ObjectKind::kWorkload, .ns = w.pod.ns, .name = w.kind + "/" + w.pod.name};
  }
  ObjectKey operator()(const Service& s) const { return {.kind = ObjectKind::kService, .ns = s.ns, .name = s.name}; }
  ObjectKey operator()(const EndpointSlice& s) const {
    return {.kind = ObjectKind::kEndpointSlice, .ns = s.ns, .name = s.name};
  }
  ObjectKey operator()(const Entrance& e) const { return {.kind = e.kind, .ns = e.ns, .name = e.name}; }
  ObjectKey operator()(const PolicyObject& p) const { return {.kind = p.kind, .ns = p.ns, .name = p.name}; }
  ObjectKey operator()(const OtherObject& o) const { return {.kind = o.kind, .ns = o.ns, .name = o.name}; }
};

}  // namespace

ObjectKey key_of(const Object& object) { return std::visit(KeyOf{}, object); }

const Origin& origin_of(const Object& object) {
  return std::visit(
      [](const auto& value) -> const Origin& {
        if constexpr (requires { value.origin; }) {
          return value.origin;
        } else {
          return value.pod.origin;
        }
      },
      object);
}

}  // namespace sextant
