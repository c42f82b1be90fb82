#include "agent/audit/services/door.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace sextant::audit {
namespace {

bool has_public_address(const std::vector<IpAddress>& addresses) {
  return std::ranges::any_of(addresses, &IpAddress::is_global_unicast);
}

const Node* find_node(const World& world, const std::string& name) {
  const auto found = world.nodes().find(name);
  return found == world.nodes().end() ? nullptr : &found->second;
}

bool holds(const std::vector<IpAddress>& addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

// The other addresses of the link that holds the address; those of other nodes' links nobody tells.
std::vector<IpAddress> beside(const World& world, const IpAddress& address) {
  const auto& all = world.network().addresses;
  const auto own = std::ranges::find(all, address, &LinkAddress::address);
  std::vector<IpAddress> others;
  if (own == all.end()) return others;
  for (const LinkAddress& other : all) {
    if (other.link == own->link && other.address != address && !other.address.is_v4()) others.push_back(other.address);
  }
  return others;
}

enum class Serves : std::uint8_t { kYes, kNo, kPerhaps };

// Whether it is of the device of Cilium's router (pkg/defaults/node.go, HostDevice).
bool is_routers(const World& world, const IpAddress& address) {
  const auto& [links, addresses, missing] = world.network();
  return std::ranges::any_of(addresses, [&](const LinkAddress& one) {
    if (one.address != address) return false;
    const auto link = std::ranges::find(links, one.link, &Link::index);
    return link != links.end() && link->name == "cilium_host";
  });
}

// Cilium serves NodePorts on one address of each device and family: the node's own IP if the device has it, else the
// first private one, else the first; on none of its router's (pkg/datapath/tables/node_address.go).
Serves serves_with_cilium(const World& world, const Node* node, const IpAddress& address) {
  if (is_routers(world, address)) return Serves::kNo;
  if (node != nullptr && holds(node->internal_ips, address)) return Serves::kYes;
  const std::vector<IpAddress> others = beside(world, address);
  bool others_public = false;
  for (const IpAddress& other : others) {
    const bool node_ip = node != nullptr && holds(node->internal_ips, other);
    if (node_ip || other.is_unique_local()) return Serves::kNo;
    others_public |= other.is_global_unicast();
  }
  const bool device_known =
      std::ranges::find(world.network().addresses, address, &LinkAddress::address) != world.network().addresses.end();
  return device_known && !others_public ? Serves::kYes : Serves::kPerhaps;
}

Serves serves_node_ports(const World& world, const Forwarding& forwarding, const Node* node, const IpAddress& address) {
  if (forwarding.node_port_addresses && !forwarding.node_port_addresses->empty()) {
    const bool named = std::ranges::any_of(*forwarding.node_port_addresses,
                                           [&](const Prefix& prefix) { return prefix.contains(address); });
    return named && !is_routers(world, address) ? Serves::kYes : Serves::kNo;
  }
  // kube-proxy serves them on every address of the node (--nodeport-addresses, which nobody tells us).
  if (forwarding.kube_proxy_replacement == false) return Serves::kYes;
  const Serves cilium = serves_with_cilium(world, node, address);
  return forwarding.kube_proxy_replacement || cilium == Serves::kYes ? cilium : Serves::kPerhaps;
}

class Finder {
 public:
  Finder(const World& world, const Forwarding& forwarding, const std::vector<std::string>& entry_nodes,
         bool expect_addresses)
      : world_(world), forwarding_(forwarding), entry_nodes_(entry_nodes), expect_addresses_(expect_addresses) {}

  std::vector<Door> find() {
    for (const auto& [key, service] : world_.services()) {
      for (const ServicePort& port : service.ports) add(service, port);
    }
    for (const auto& [key, pod] : world_.pods()) add_host_ports(pod);
    leave_out_shadowed_host_ports();
    std::ranges::stable_sort(doors_, {}, [](const Door& door) {
      return std::tuple(door.owner, door.port.protocol, door.port.port, door.kind);
    });
    return std::move(doors_);
  }

 private:
  void add(const Service& service, const ServicePort& port) {
    if (service.type == "ExternalName") return;
    const EndpointRef owner{.kind = EndpointKind::kService, .ns = service.ns, .name = service.name};
    const Door door{.owner = owner, .service = &service, .port = port, .entry_port = port.port};
    add_addresses(door, DoorKind::kLoadBalancer, service.load_balancer_ips);
    if (service.type == "LoadBalancer" && service.load_balancer_ips.empty() && expect_addresses_) {
      doors_.push_back(door);
      doors_.back().doubt = "it has no address yet, and may get one that is not public";
    }
    add_addresses(door, DoorKind::kExternalIp, service.external_ips);
    add_cluster_ips(door, service);
    if (port.node_port != 0) add_node_ports(door);
  }

  void add_addresses(const Door& like, DoorKind kind, const std::vector<IpAddress>& addresses) {
    for (const IpAddress& address : addresses) {
      if (!address.is_global_unicast()) continue;
      std::string node = node_with(world_, address);
      if (!node.empty() && !is_entered(node)) continue;
      Door& door = doors_.emplace_back(like);
      door.kind = kind;
      door.address = address;
      door.node = std::move(node);
    }
  }

  // Whoever asks for a node's own address comes in at that node.
  bool is_entered(const std::string& node) const {
    return entry_nodes_.empty() || std::ranges::find(entry_nodes_, node) != entry_nodes_.end();
  }

  // Cilium drops what comes from outside to a ClusterIP (bpf/lib/nodeport.h, DROP_IS_CLUSTER_IP); kube-proxy does not.
  void add_cluster_ips(const Door& like, const Service& service) {
    const bool by_cilium = forwarding_.kube_proxy_replacement.value_or(true);
    if (forwarding_.kube_proxy_replacement == true && forwarding_.external_cluster_ip == false) return;
    const std::size_t before = doors_.size();
    add_addresses(like, DoorKind::kClusterIp, service.cluster_ips);
    if (!by_cilium || (forwarding_.kube_proxy_replacement == true && forwarding_.external_cluster_ip == true)) return;
    for (std::size_t i = before; i < doors_.size(); ++i) {
      doors_[i].doubt =
          "Cilium as kube-proxy's replacement lets nobody in from outside to a ClusterIP unless "
          "bpf-lb-external-clusterip is set; neither is known here";
    }
  }

  void add_node_ports(const Door& like) {
    for (const std::string& name : entry_nodes_) {
      const Node* node = find_node(world_, name);
      for (const IpAddress& address : addresses_of_node(world_, name)) {
        if (!address.is_global_unicast()) continue;
        const Serves serves = serves_node_ports(world_, forwarding_, node, address);
        if (serves == Serves::kNo) continue;
        Door& door = doors_.emplace_back(like);
        door.kind = DoorKind::kNodePort;
        door.address = address;
        door.entry_port = like.port.node_port;
        door.node = name;
        if (serves == Serves::kPerhaps) door.doubt = "whether NodePorts are served on this address cannot be told";
      }
    }
  }

  void add_host_ports(const Pod& pod) {
    const bool entered = std::ranges::find(entry_nodes_, pod.node_name) != entry_nodes_.end();
    if (pod.host_network || pod.finished || !entered) return;
    const std::vector<IpAddress> addresses = addresses_of_node(world_, pod.node_name);
    if (!has_public_address(addresses)) return;
    for (const ContainerPort& port : pod.ports) {
      if (port.host_port == 0) continue;
      Door door{.kind = DoorKind::kHostPort,
                .owner = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name},
                .pod = &pod,
                .port = {.name = port.name, .protocol = port.protocol, .port = port.port},
                .entry_port = port.host_port,
                .node = pod.node_name};
      for (const IpAddress& address : addresses) {
        if (!address.is_global_unicast() || (port.host_ip && *port.host_ip != address)) continue;
        door.address = address;
        doors_.push_back(door);
      }
    }
  }

  // Services are translated before host ports: what k3s' ServiceLB opens on its pods is entered as the LoadBalancer's
  // address, which is the node's.
  void leave_out_shadowed_host_ports() {
    using Entry = std::tuple<IpAddress, Protocol, std::uint16_t>;
    std::set<Entry> of_services;
    for (const Door& door : doors_) {
      if (door.service != nullptr && door.address && door.doubt.empty())
        of_services.emplace(*door.address, door.port.protocol, door.entry_port);
    }
    std::erase_if(doors_, [&](const Door& door) {
      return door.service == nullptr && of_services.contains({*door.address, door.port.protocol, door.entry_port});
    });
  }

  const World& world_;
  const Forwarding& forwarding_;
  const std::vector<std::string>& entry_nodes_;
  const bool expect_addresses_;
  std::vector<Door> doors_{};
};

}  // namespace

std::string_view to_string(DoorKind kind) {
  static constexpr std::array<std::string_view, 5> kNames{"LoadBalancer", "ExternalIP", "ClusterIP", "NodePort",
                                                          "HostPort"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string Door::name() const {
  const std::string at = address ? "[" + address->to_string() + "]:" : "without an address yet, port ";
  return std::string(to_string(kind)) + " " + at + std::to_string(entry_port) + "/" + sextant::to_string(port.protocol);
}

std::string Door::port_name() const {
  return port.name.empty() ? std::to_string(port.port) + "/" + sextant::to_string(port.protocol) : port.name;
}

std::vector<IpAddress> addresses_of_node(const World& world, const std::string& node) {
  if (node == world.local_node()) return world.local_addresses();
  const Node* found = find_node(world, node);
  return found == nullptr ? std::vector<IpAddress>() : found->addresses;
}

std::string node_with(const World& world, const IpAddress& address) {
  if (!world.local_node().empty() && holds(world.local_addresses(), address)) return world.local_node();
  for (const auto& [name, node] : world.nodes()) {
    if (holds(node.addresses, address)) return name;
  }
  return {};
}

std::vector<Door> public_doors(const World& world, const Forwarding& forwarding,
                               const std::vector<std::string>& entry_nodes, bool expect_addresses) {
  return Finder(world, forwarding, entry_nodes, expect_addresses).find();
}

}  // namespace sextant::audit
