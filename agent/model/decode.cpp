#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "agent/base/text.h"
#include "agent/model/decode.h"

namespace sextant {
namespace {

enum class Scope : std::uint8_t { kNamespaced, kCluster };

// A kind that is read. Only the versions named have the layout that the decoders expect; none: every version.
struct KnownKind {
  std::string_view name;
  std::string_view group;
  ObjectKind kind;
  Scope scope;
  std::string_view versions;  // separated by spaces
};

constexpr std::array kKinds{
    KnownKind{"Namespace", "", ObjectKind::kNamespace, Scope::kCluster, "v1"},
    KnownKind{"Node", "", ObjectKind::kNode, Scope::kCluster, "v1"},
    KnownKind{"Pod", "", ObjectKind::kPod, Scope::kNamespaced, "v1"},
    KnownKind{"Service", "", ObjectKind::kService, Scope::kNamespaced, "v1"},
    KnownKind{"EndpointSlice", "discovery.k8s.io", ObjectKind::kEndpointSlice, Scope::kNamespaced, "v1 v1beta1"},
    KnownKind{"Deployment", "apps", ObjectKind::kWorkload, Scope::kNamespaced, ""},
    KnownKind{"StatefulSet", "apps", ObjectKind::kWorkload, Scope::kNamespaced, ""},
    KnownKind{"DaemonSet", "apps", ObjectKind::kWorkload, Scope::kNamespaced, ""},
    KnownKind{"ReplicaSet", "apps", ObjectKind::kWorkload, Scope::kNamespaced, ""},
    KnownKind{"Job", "batch", ObjectKind::kWorkload, Scope::kNamespaced, ""},
    KnownKind{"CronJob", "batch", ObjectKind::kWorkload, Scope::kNamespaced, ""},
    KnownKind{"NetworkPolicy", "networking.k8s.io", ObjectKind::kNetworkPolicy, Scope::kNamespaced, "v1"},
    KnownKind{"ClusterNetworkPolicy", "policy.networking.k8s.io", ObjectKind::kClusterNetworkPolicy, Scope::kCluster,
              ""},
    KnownKind{"CiliumNetworkPolicy", "cilium.io", ObjectKind::kCiliumNetworkPolicy, Scope::kNamespaced, "v2"},
    KnownKind{"CiliumClusterwideNetworkPolicy", "cilium.io", ObjectKind::kCiliumClusterwideNetworkPolicy,
              Scope::kCluster, "v2"},
    KnownKind{"CiliumCIDRGroup", "cilium.io", ObjectKind::kCiliumCidrGroup, Scope::kCluster, "v2 v2alpha1"},
    KnownKind{"CiliumNode", "cilium.io", ObjectKind::kCiliumNode, Scope::kCluster, "v2"},
    KnownKind{"CiliumEndpoint", "cilium.io", ObjectKind::kCiliumEndpoint, Scope::kNamespaced, "v2"},
    KnownKind{"CiliumLoadBalancerIPPool", "cilium.io", ObjectKind::kCiliumLoadBalancerIpPool, Scope::kCluster,
              "v2 v2alpha1"},
    KnownKind{"Gateway", "gateway.networking.k8s.io", ObjectKind::kGateway, Scope::kNamespaced, "v1 v1beta1"},
    KnownKind{"Ingress", "networking.k8s.io", ObjectKind::kIngress, Scope::kNamespaced, "v1"},
    KnownKind{"ExposureContract", "sextant.dev", ObjectKind::kExposureContract, Scope::kCluster, "v1alpha1"},
};

struct ApiVersion {
  std::string_view group{};
  std::string_view version{};
};

ApiVersion split(std::string_view api_version) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {.version = api_version};
  return {.group = api_version.substr(0, slash), .version = api_version.substr(slash + 1)};
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto space = words.find(' ');
    if (words.substr(0, space) == word) return true;
    if (space == std::string_view::npos) break;
    words.remove_prefix(space + 1);
  }
  return false;
}

// Wider than what the API server takes (a manifest may hold what a template engine fills in), but nothing that could be
// taken for another object's key or that a terminal would obey.
void check_name(const Field& field, const std::string& name) {
  constexpr std::size_t kLongest = 253;
  const bool fits = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
  if (name.size() > kLongest) field.fail("longer than " + std::to_string(kLongest) + " characters");
  if (!fits) field.fail("no name of an object: blanks, '/' and characters that are not ASCII cannot be in it");
}

std::string name_of(const Field& metadata) {
  std::string name = metadata["name"].string();
  if (name.empty()) {
    // The API server would add a random end.
    name = metadata["generateName"].string();
    while (name.ends_with('-')) name.pop_back();
  }
  if (name.empty()) metadata["name"].fail("missing");
  check_name(metadata["name"], name);
  return name;
}

ObjectHead head_of(const Field& object, const KnownKind& known, const Origin& origin) {
  const Field metadata = object["metadata"];
  ObjectHead head{.kind = std::string(known.name), .name = name_of(metadata), .origin = origin};
  if (known.scope == Scope::kNamespaced) {
    head.ns = metadata["namespace"].string();
    check_name(metadata["namespace"], head.ns);
    if (head.ns.empty()) head.ns = "default";
  }
  return head;
}

template <class T>
T whole(const Document& body, const ObjectHead& head, ObjectKind kind) {
  return {.kind = kind,
          .ns = head.ns,
          .name = head.name,
          .body = std::make_shared<const PackedDocument>(body),
          .origin = head.origin};
}

std::optional<Object> decode_known(const Document& body, const Field& object, const KnownKind& known,
                                   const Origin& origin) {
  const ObjectHead head = head_of(object, known, origin);
  switch (known.kind) {
    case ObjectKind::kNamespace:
      return decode_namespace(object, head);
    case ObjectKind::kNode:
      return decode_node(object, head);
    case ObjectKind::kPod:
      return decode_pod(object, head);
    case ObjectKind::kWorkload:
      return decode_workload(object, head);
    case ObjectKind::kService:
      return decode_service(object, head);
    case ObjectKind::kEndpointSlice:
      return decode_endpoint_slice(object, head);
    case ObjectKind::kGateway:
      return decode_gateway(object, head);
    case ObjectKind::kIngress:
      return decode_ingress(object, head);
    case ObjectKind::kNetworkPolicy:
    case ObjectKind::kCiliumNetworkPolicy:
    case ObjectKind::kCiliumClusterwideNetworkPolicy:
    case ObjectKind::kClusterNetworkPolicy:
    case ObjectKind::kCiliumCidrGroup:
      return whole<PolicyObject>(body, head, known.kind);
    case ObjectKind::kCiliumNode:
    case ObjectKind::kCiliumEndpoint:
    case ObjectKind::kCiliumLoadBalancerIpPool:
    case ObjectKind::kExposureContract:
      return whole<OtherObject>(body, head, known.kind);
  }
  return std::nullopt;
}

const KnownKind* find_kind(const Field& object, const std::string& kind, const std::string& api_version) {
  const ApiVersion api = split(api_version);
  const auto* known =
      std::ranges::find_if(kKinds, [&](const KnownKind& k) { return k.name == kind && k.group == api.group; });
  if (known == kKinds.end()) return nullptr;
  if (!known->versions.empty() && !has_word(known->versions, api.version)) {
    object["apiVersion"].fail("version " + quote(api_version) + " of " + kind + " is not known");
  }
  return known;
}

}  // namespace

Result<std::optional<Object>> decode(const Document& document, const Origin& origin) {
  // Files beside manifests (a patch of kustomize, values of Helm) are no objects; a line of text is no file of either.
  if (document.is_list() || document.is_null()) return std::nullopt;
  const Field object(document);
  const std::string kind = object["kind"].string();
  const std::string api_version = object["apiVersion"].string();
  if (!object.error() && kind.empty() && api_version.empty()) return std::nullopt;
  if (kind.empty()) object["kind"].fail("missing");
  if (api_version.empty()) object["apiVersion"].fail("missing");
  if (object.error()) return Failure(*object.error());

  const KnownKind* known = find_kind(object, kind, api_version);
  if (known == nullptr) return std::nullopt;
  auto decoded = decode_known(document, object, *known, origin);
  if (object.error()) return Failure(*object.error());
  return decoded;
}

}  // namespace sextant
