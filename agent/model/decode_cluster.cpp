// Namespace and Node.
#include "agent/model/decode.h"

namespace sextant {

Namespace decode_namespace(const Field& object, const ObjectHead& head) {
  return {.name = head.name, .labels = object["metadata"]["labels"].labels(), .origin = head.origin};
}

Node decode_node(const Field& object, const ObjectHead& head) {
  Node node{.name = head.name, .labels = object["metadata"]["labels"].labels(), .origin = head.origin};
  for (const Field& entry : object["status"]["addresses"].items()) {
    const std::string type = entry["type"].string();
    if (type != "InternalIP" && type != "ExternalIP") continue;
    const auto a = entry["address"].address();
    if (!a) continue;
    node.addresses.push_back(*a);
    if (type == "InternalIP") node.internal_ips.push_back(*a);
  }
  const Field prefixes = object["spec"]["podCIDRs"];
  node.pod_prefixes = prefixes.prefixes();
  const Field single = object["spec"]["podCIDR"];
  if (node.pod_prefixes.empty() && !single.string().empty()) {
    auto prefix = Prefix::parse(single.string());
    if (prefix) {
      node.pod_prefixes.push_back(*prefix);
    } else {
      single.fail(prefix.error().what);
    }
  }
  return node;
}

}  // namespace sextant
