// What lies behind a door: the pods, nodes or addresses to which its packets are translated.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/audit/services/door.h"
#include "agent/model/world.h"

namespace sextant::audit {

struct Backend {
  // kHost: a pod on the host's network, which is its node. kProxy: Cilium's own proxy, for its Ingresses and Gateways.
  // kUnknown: an address that no pod or node of the model holds.
  enum class Kind : std::uint8_t { kPod, kWorkload, kHost, kProxy, kUnknown } kind = Kind::kUnknown;
  EndpointRef ref{};     // pod or node; of a template as endpoint of its name
  ObjectKey workload{};  // kWorkload
  std::optional<IpAddress> address{};
  std::string node{};  // where it runs; empty: not known
  std::uint16_t port = 0;

  std::string name() const;  // "shop/web-0 8080", "node/n1 8080", "[2001:db8::9]:80, which is no pod that is known"
};

// Those that get packets: ready ones, and if there are none those that end but still serve (as kube-proxy and Cilium
// choose). Where the world has no EndpointSlice of the service, those that its selector finds: pods, else templates.
// Each once, sorted.
std::vector<Backend> backends_of(const World& world, const Door& door);

}  // namespace sextant::audit
