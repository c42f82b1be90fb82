// World: the picture of cluster and node that every verdict is taken from, and Delta, the only way it changes.
//
// Only app/ changes it. It holds what sources said, and decides nothing.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "agent/base/clock.h"
#include "agent/model/network.h"
#include "agent/model/objects.h"

namespace sextant {

struct Removed {
  ObjectKey key{};
};
using Delta = std::variant<Object, Removed, NetworkPicture>;

class World {
 public:
  explicit World(std::string local_node) : local_node_(std::move(local_node)) {}

  void apply(const Delta& delta);

  const std::string& local_node() const { return local_node_; }
  const NetworkPicture& network() const { return network_; }
  const std::map<std::string, Namespace, std::less<>>& namespaces() const { return namespaces_; }
  const std::map<std::string, Node, std::less<>>& nodes() const { return nodes_; }
  const std::map<ObjectKey, Pod>& pods() const { return pods_; }                 // keys have kind kPod
  const std::map<ObjectKey, Workload>& workloads() const { return workloads_; }  // key name: "Deployment/web"
  const std::map<ObjectKey, Service>& services() const { return services_; }
  const std::map<ObjectKey, EndpointSlice>& slices() const { return slices_; }
  const std::map<ObjectKey, Entrance>& entrances() const { return entrances_; }    // Gateways and Ingresses
  const std::map<ObjectKey, PolicyObject>& policies() const { return policies_; }  // CIDR groups too
  const std::map<ObjectKey, OtherObject>& others() const { return others_; }

  const Pod* pod(std::string_view ns, std::string_view name) const;
  const Pod* pod_by_uid(std::string_view uid) const;
  bool is_local(const Pod& pod) const { return pod.node_name == local_node_; }

  // Addresses of the local node: its Node object's, and those netlink found on its links (global and unique local).
  std::vector<IpAddress> local_addresses() const;

  // Whether pods have addresses of both families, by the pods of the cluster's own network and the nodes' pod prefixes.
  bool is_dual_stack() const;

 private:
  struct Change;
  std::string local_node_;
  NetworkPicture network_{};
  std::map<std::string, Namespace, std::less<>> namespaces_{};
  std::map<std::string, Node, std::less<>> nodes_{};
  std::map<ObjectKey, Pod> pods_{};
  std::map<ObjectKey, Workload> workloads_{};
  std::map<ObjectKey, Service> services_{};
  std::map<ObjectKey, EndpointSlice> slices_{};
  std::map<ObjectKey, Entrance> entrances_{};
  std::map<ObjectKey, PolicyObject> policies_{};
  std::map<ObjectKey, OtherObject> others_{};
  std::map<std::string, ObjectKey, std::less<>> pod_by_uid_{};
  LabelPool pod_labels_{};
};

}  // namespace sextant
