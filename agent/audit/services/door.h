// Doors: the public addresses and ports by which a service's backends, or a pod's host ports, can be entered.
//
// Read from the World alone; what lies behind a door is backends.h, who gets through is passage.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/services/forwarding.h"
#include "agent/model/endpoint.h"
#include "agent/model/world.h"

namespace sextant::audit {

// In the order in which people think of them: the first of several to one backend names the finding.
enum class DoorKind : std::uint8_t { kLoadBalancer, kExternalIp, kClusterIp, kNodePort, kHostPort };
std::string_view to_string(DoorKind kind);  // "LoadBalancer", "ExternalIP", "ClusterIP", "NodePort", "HostPort"

struct Door {
  DoorKind kind = DoorKind::kLoadBalancer;
  EndpointRef owner{};                 // the service; of a host port the pod
  const Service* service = nullptr;    // nullptr: a host port
  const Pod* pod = nullptr;            // of a host port
  ServicePort port{};                  // the service's; of a host port the container's
  std::optional<IpAddress> address{};  // none: a LoadBalancer that has not got one yet
  std::uint16_t entry_port = 0;        // what is asked for at the address
  std::string node{};                  // whose own address it is, at which packets enter; empty: no node's
  std::string doubt{};                 // why it may be no door at all; empty: it is one

  std::string name() const;       // "LoadBalancer [2001:db8:f::80]:443/TCP"
  std::string port_name() const;  // "https", or "443/TCP"
};

// Doors as seen from the nodes at which packets may enter: those of the world that are asked about. `expect_addresses`:
// a LoadBalancer without an address counts as one that will get a public one. In order of owner, port and kind. The
// World must not change while they are used.
std::vector<Door> public_doors(const World& world, const Forwarding& forwarding,
                               const std::vector<std::string>& entry_nodes, bool expect_addresses);

// All addresses of a node that are known.
std::vector<IpAddress> addresses_of_node(const World& world, const std::string& node);
// The node that holds the address; empty: none that is known.
std::string node_with(const World& world, const IpAddress& address);

}  // namespace sextant::audit
