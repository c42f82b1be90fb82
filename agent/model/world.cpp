#include "agent/model/world.h"

#include <algorithm>
#include <utility>

namespace sextant {

// The change that one delta makes; World befriends nobody else.
struct World::Change {
  World& world;

  void operator()(const Object& object) const {
    const ObjectKey key = key_of(object);
    std::visit([&](const auto& value) { put(key, value); }, object);
  }
  void operator()(const NetworkPicture& picture) const { world.network_ = picture; }

  void operator()(const Removed& removed) const {
    const ObjectKey& key = removed.key;
    switch (key.kind) {
      case ObjectKind::kNamespace:
        world.namespaces_.erase(key.name);
        break;
      case ObjectKind::kNode:
        world.nodes_.erase(key.name);
        break;
      case ObjectKind::kPod:
        forget_uid(key);
        world.pods_.erase(key);
        break;
      case ObjectKind::kWorkload:
        world.workloads_.erase(key);
        break;
      case ObjectKind::kService:
        world.services_.erase(key);
        break;
      case ObjectKind::kEndpointSlice:
        world.slices_.erase(key);
        break;
      case ObjectKind::kGateway:
      case ObjectKind::kIngress:
        world.entrances_.erase(key);
        break;
      case ObjectKind::kNetworkPolicy:
      case ObjectKind::kCiliumNetworkPolicy:
      case ObjectKind::kCiliumClusterwideNetworkPolicy:
      case ObjectKind::kClusterNetworkPolicy:
      case ObjectKind::kCiliumCidrGroup:
        world.policies_.erase(key);
        break;
      case ObjectKind::kCiliumNode:
      case ObjectKind::kCiliumEndpoint:
      case ObjectKind::kCiliumLoadBalancerIpPool:
      case ObjectKind::kExposureContract:
        world.others_.erase(key);
        break;
    }
  }

  void put(const ObjectKey& key, const Namespace& n) const { world.namespaces_.insert_or_assign(key.name, n); }
  void put(const ObjectKey& key, const Node& n) const { world.nodes_.insert_or_assign(key.name, n); }
  void put(const ObjectKey& key, const Pod& p) const {
    forget_uid(key);
    if (!p.uid.empty()) world.pod_by_uid_.insert_or_assign(p.uid, key);
    Pod& kept = world.pods_.insert_or_assign(key, p).first->second;
    kept.labels = world.pod_labels_.shared(p.labels);
  }
  void put(const ObjectKey& key, const Workload& w) const { world.workloads_.insert_or_assign(key, w); }
  void put(const ObjectKey& key, const Service& s) const { world.services_.insert_or_assign(key, s); }
  void put(const ObjectKey& key, const EndpointSlice& s) const { world.slices_.insert_or_assign(key, s); }
  void put(const ObjectKey& key, const Entrance& e) const { world.entrances_.insert_or_assign(key, e); }
  void put(const ObjectKey& key, const PolicyObject& p) const { world.policies_.insert_or_assign(key, p); }
  void put(const ObjectKey& key, const OtherObject& o) const { world.others_.insert_or_assign(key, o); }

  // Only the pod's own entry: a pod made anew under another name may hold the UID by now.
  void forget_uid(const ObjectKey& key) const {
    const auto pod = world.pods_.find(key);
    if (pod == world.pods_.end()) return;
    const auto entry = world.pod_by_uid_.find(pod->second.uid);
    if (entry != world.pod_by_uid_.end() && entry->second == key) world.pod_by_uid_.erase(entry);
  }
};

void World::apply(const Delta& delta) { std::visit(Change{*this}, delta); }

const Pod* World::pod(std::string_view ns, std::string_view name) const {
  const auto found = pods_.find({.kind = ObjectKind::kPod, .ns = std::string(ns), .name = std::string(name)});
  return found == pods_.end() ? nullptr : &found->second;
}

const Pod* World::pod_by_uid(std::string_view uid) const {
  const auto key = pod_by_uid_.find(uid);
  if (key == pod_by_uid_.end()) return nullptr;
  const auto found = pods_.find(key->second);
  return found == pods_.end() ? nullptr : &found->second;
}

bool World::is_dual_stack() const {
  bool v4 = false;
  bool v6 = false;
  const auto see = [&](bool is_v4) { (is_v4 ? v4 : v6) = true; };
  for (const auto& [name, node] : nodes_) {
    for (const Prefix& prefix : node.pod_prefixes) see(prefix.is_v4());
  }
  for (const auto& [key, pod] : pods_) {
    if (v4 && v6) break;
    if (pod.host_network) continue;
    for (const IpAddress& address : pod.addresses) see(address.is_v4());
  }
  return v4 && v6;
}

std::vector<IpAddress> World::local_addresses() const {
  std::vector<IpAddress> addresses;
  if (const auto node = nodes_.find(local_node_); node != nodes_.end()) addresses = node->second.addresses;
  for (const LinkAddress& a : network_.addresses) {
    const bool of_the_node_alone = a.address.is_loopback() || a.address.is_link_local() || a.address.is_unspecified();
    if (!of_the_node_alone && !a.address.is_multicast()) addresses.push_back(a.address);
  }
  std::ranges::sort(addresses);
  const auto repeated = std::ranges::unique(addresses);
  addresses.erase(repeated.begin(), repeated.end());
  return addresses;
}

}  // namespace sextant
