// The cluster as policies see it: which labels pods, nodes and addresses have, seen from a given node.
//
// Reads the World; derives identities on demand and keeps them until what they follow from changes. Sources:
// pkg/k8s/labels.go, pkg/node/manager/manager.go, pkg/ipcache/metadata.go.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "agent/model/world.h"
#include "agent/policy/identity.h"
#include "agent/policy/known_prefixes.h"

namespace sextant::policy {

struct AddressHash {
  std::size_t operator()(const IpAddress& address) const {
    return std::hash<std::uint64_t>()(address.high() * 0x9e3779b97f4a7c15 ^ address.low());
  }
};

class Cluster {
 public:
  Cluster(const World& world, const Options& options, Symbols& symbols, Identities& identities,
          const KnownPrefixes& known);

  // Options or everything else may have changed.
  void forget();
  // The world has just applied `delta`. True: some source may now be seen as another, or another address be held.
  bool on(const Delta& delta);
  // The known prefixes have changed.
  void forget_prefixes();

  IdentityId identity_of(const Pod& pod) const;
  // The host endpoint as a subject.
  IdentityId host_endpoint(const Node& node) const;
  IdentityId reserved(std::string_view name) const;

  // Peers as `node`, the subject's, sees them.
  PeerIdentity peer(const Pod& pod, std::string_view node) const;
  PeerIdentity node_peer(std::string_view name, const IpAddress* address, std::string_view node) const;
  PeerIdentity reserved_peer(std::string_view name) const;
  PeerIdentity address_peer(const IpAddress& address, std::string_view node) const;

  // Who holds an address: a pod of its own network, or a node.
  struct Holder {
    const Pod* pod = nullptr;
    std::string_view node{};
  };
  const Holder* holder(const IpAddress& address) const;
  const std::unordered_map<IpAddress, Holder, AddressHash>& holders() const;
  // Where the API server is (the Service default/kubernetes).
  const std::unordered_set<IpAddress, AddressHash>& api_servers() const;

  // The identity of an address outside the cluster. Remembered until forget(), which new known prefixes need too.
  PeerIdentity outside(const IpAddress& address) const;

 private:
  struct Index;
  void index() const;
  void index_holders() const;
  bool on_pod(const ObjectKey& key);
  bool on_namespace(std::string_view name);
  bool on_node(const std::string& name);
  bool on_slices();
  bool on_network();
  IdentityId derive_identity(const Pod& pod) const;
  bool is_api_server(const IpAddress& address) const;
  PeerIdentity derive_outside(const IpAddress& address, bool api_server) const;
  struct Chances;
  void add_prefix_labels(const IpAddress& address, LabelSet& labels, Chances& chances) const;
  std::vector<IdentityId> alternatives(const LabelSet& labels, const Chances& chances) const;
  void add_node_labels(const Node& node, LabelSet& labels) const;
  Symbol world_key(bool v4) const;
  PeerIdentity with_aggregate(IdentityId id, std::string_view aggregate) const;

  const World& world_;
  const Options& options_;
  Symbols& symbols_;
  Identities& identities_;
  const KnownPrefixes& known_;
  mutable std::shared_ptr<Index> index_{};  // null: to be made
};

}  // namespace sextant::policy
