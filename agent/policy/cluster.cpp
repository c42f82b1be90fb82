#include "agent/policy/cluster.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "agent/policy/release.h"

namespace sextant::policy {

namespace {

// What of a pod and of a node other subjects can tell; what else changes in them concerns nobody else.
struct PodFacts {
  IdentityId id = kNoIdentity;
  Symbol node = 0;
  bool host_network = false;
  bool finished = false;
  std::vector<IpAddress> addresses{};
  bool operator==(const PodFacts&) const = default;
};
struct NodeFacts {
  Labels labels{};
  std::vector<IpAddress> addresses{};
  std::vector<Prefix> pod_prefixes{};
  bool operator==(const NodeFacts&) const = default;
};

NodeFacts facts_of(const Node& node) {
  return {.labels = node.labels, .addresses = node.addresses, .pod_prefixes = node.pod_prefixes};
}

PodFacts facts_of(const Pod& pod, IdentityId id, Symbols& symbols) {
  return {.id = id,
          .node = symbols.intern(pod.node_name),
          .host_network = pod.host_network,
          .finished = pod.finished,
          .addresses = pod.addresses};
}

bool of_api_server(const EndpointSlice& slice) { return slice.ns == "default" && slice.service == "kubernetes"; }

std::size_t hash_of(const ObjectKey& key) {
  const std::hash<std::string> hash;
  return hash(key.ns) * 31 ^ hash(key.name);
}

using Addresses = std::unordered_set<IpAddress, AddressHash>;

Addresses api_server_addresses(const World& world) {
  Addresses addresses;
  for (const auto& [key, slice] : world.slices()) {
    if (!of_api_server(slice)) continue;
    for (const SliceEndpoint& endpoint : slice.endpoints)
      addresses.insert(endpoint.addresses.begin(), endpoint.addresses.end());
  }
  return addresses;
}

}  // namespace

struct Cluster::Index {
  std::unordered_map<const Pod*, PodFacts> pods{};             // by where the world keeps them
  std::unordered_multimap<std::size_t, const Pod*> by_hash{};  // of their keys: how one that is gone is found
  std::map<std::string, NodeFacts, std::less<>> nodes{};
  std::vector<IpAddress> local{};
  Addresses api_servers{};
  std::unordered_map<IpAddress, Holder, AddressHash> holders{};
  bool holders_known = false;
  // Of addresses outside the cluster that are no API server's: by the longest known prefix, or by family.
  std::unordered_map<const KnownPrefixes::Entry*, PeerIdentity> known{};
  std::optional<PeerIdentity> plain_v4{}, plain_v6{};
};

Cluster::Cluster(const World& world, const Options& options, Symbols& symbols, Identities& identities,
                 const KnownPrefixes& known)
    : world_(world), options_(options), symbols_(symbols), identities_(identities), known_(known) {}

void Cluster::forget() { index_.reset(); }

void Cluster::forget_prefixes() {
  if (!index_) return;
  index_->known.clear();
  index_->plain_v4.reset();
  index_->plain_v6.reset();
}

void Cluster::index() const {
  if (index_) return;
  index_ = std::make_shared<Index>();
  for (const auto& [name, node] : world_.nodes()) index_->nodes.emplace(name, facts_of(node));
  for (const auto& [key, pod] : world_.pods()) {
    index_->pods.emplace(&pod, facts_of(pod, derive_identity(pod), symbols_));
    index_->by_hash.emplace(hash_of(key), &pod);
  }
  index_->local = world_.local_addresses();
  index_->api_servers = api_server_addresses(world_);
}

void Cluster::index_holders() const {
  index();
  if (index_->holders_known) return;
  index_->holders_known = true;
  auto& holders = index_->holders;
  holders.clear();
  for (const auto& [name, node] : world_.nodes()) {
    for (const IpAddress& address : node.addresses) holders[address] = {.node = name};
  }
  for (const IpAddress& address : index_->local) holders.try_emplace(address, Holder{.node = world_.local_node()});
  for (const auto& [key, pod] : world_.pods()) {
    if (pod.host_network || pod.finished) continue;
    for (const IpAddress& address : pod.addresses) holders[address] = {.pod = &pod, .node = pod.node_name};
  }
}

bool Cluster::on(const Delta& delta) {
  if (!index_) return true;  // nobody has looked
  bool changed = false;
  if (std::holds_alternative<NetworkPicture>(delta)) {
    changed = on_network();
  } else {
    const Object* object = std::get_if<Object>(&delta);
    const ObjectKey key = object != nullptr ? key_of(*object) : std::get<Removed>(delta).key;
    switch (key.kind) {
      case ObjectKind::kPod:
        changed = on_pod(key);
        break;
      case ObjectKind::kNamespace:
        changed = on_namespace(key.name);
        break;
      case ObjectKind::kNode:
        changed = on_node(key.name);
        break;
      case ObjectKind::kEndpointSlice:
        changed = on_slices();
        break;
      default:
        return false;
    }
  }
  if (changed && index_) index_->holders_known = false;
  return changed;
}

bool Cluster::on_pod(const ObjectKey& key) {
  const std::size_t hash = hash_of(key);
  const auto now = world_.pods().find(key);
  if (now == world_.pods().end()) {
    const auto [gone, end] = index_->by_hash.equal_range(hash);
    if (gone == end) return false;
    if (std::next(gone) != end) {  // two keys of one hash: which of them is gone cannot be told
      forget();
      return true;
    }
    index_->pods.erase(gone->second);
    index_->by_hash.erase(gone);
    return true;
  }
  const Pod& pod = now->second;
  const auto [at, added] = index_->pods.try_emplace(&pod);
  if (added) index_->by_hash.emplace(hash, &pod);
  PodFacts facts = facts_of(pod, derive_identity(pod), symbols_);
  const bool changed = added || at->second != facts;
  at->second = std::move(facts);
  return changed;
}

bool Cluster::on_namespace(std::string_view name) {
  bool changed = false;
  const ObjectKey first{.kind = ObjectKind::kPod, .ns = std::string(name)};
  for (auto at = world_.pods().lower_bound(first); at != world_.pods().end() && at->first.ns == name; ++at) {
    const IdentityId id = derive_identity(at->second);
    changed = std::exchange(index_->pods[&at->second].id, id) != id || changed;
  }
  return changed;
}

bool Cluster::on_node(const std::string& name) {
  const auto now = world_.nodes().find(name);
  if (now == world_.nodes().end()) {
    const bool known = index_->nodes.erase(name) > 0;
    return on_network() || known;
  }
  NodeFacts facts = facts_of(now->second);
  const auto [at, added] = index_->nodes.try_emplace(name);
  const bool changed = added || at->second != facts;
  at->second = std::move(facts);
  return on_network() || changed;
}

bool Cluster::on_network() {
  std::vector<IpAddress> local = world_.local_addresses();
  if (local == index_->local) return false;
  index_->local = std::move(local);
  return true;
}

bool Cluster::on_slices() {
  Addresses addresses = api_server_addresses(world_);
  if (addresses == index_->api_servers) return false;
  index_->api_servers = std::move(addresses);
  return true;
}

bool Cluster::is_api_server(const IpAddress& address) const {
  index();
  return index_->api_servers.contains(address);
}

const std::unordered_map<IpAddress, Cluster::Holder, AddressHash>& Cluster::holders() const {
  index_holders();
  return index_->holders;
}

const std::unordered_set<IpAddress, AddressHash>& Cluster::api_servers() const {
  index();
  return index_->api_servers;
}

const Cluster::Holder* Cluster::holder(const IpAddress& address) const {
  index_holders();
  const auto at = index_->holders.find(address);
  return at == index_->holders.end() ? nullptr : &at->second;
}

Symbol Cluster::world_key(bool v4) const {
  if (options_.dual_stack) return v4 ? kWorldV4Key : kWorldV6Key;
  return v4 && has(options_.release, Trait::kForeignWorldLabelQualified) ? kWorldV4Key : kWorldKey;
}

IdentityId Cluster::reserved(std::string_view name) const {
  LabelSet labels;
  labels.put({.source = kReserved, .key = symbols_.intern(name)});
  return identities_.intern(labels);
}

PeerIdentity Cluster::with_aggregate(IdentityId id, std::string_view aggregate) const {
  PeerIdentity peer{.id = id};
  if (has(options_.release, Trait::kAggregates)) peer.aggregate = reserved(aggregate);
  return peer;
}

PeerIdentity Cluster::reserved_peer(std::string_view name) const { return {.id = reserved(name)}; }

IdentityId Cluster::identity_of(const Pod& pod) const {
  index();
  const auto known = index_->pods.find(&pod);
  return known != index_->pods.end() ? known->second.id : derive_identity(pod);  // else a workload's
}

IdentityId Cluster::derive_identity(const Pod& pod) const {
  LabelSet labels;
  const auto put = [&](std::string_view key, std::string_view value) {
    if (!reaches_identity(key, options_.release)) return;
    labels.put({.source = kK8s, .key = symbols_.intern(key), .value = symbols_.intern(value)});
  };
  for (const auto& [key, value] : pod.labels) {
    if (!key.starts_with(kCiliumLabelPrefix)) put(key_in_identity(key, options_.release), value);
  }
  if (const auto ns = world_.namespaces().find(pod.ns); ns != world_.namespaces().end()) {
    for (const auto& [key, value] : ns->second.labels) put(std::string(kNamespaceLabelsPrefix) + key, value);
  }
  put(kNamespaceKey, pod.ns);
  if (!pod.service_account.empty()) put(kServiceAccountKey, pod.service_account);
  put(kClusterKey, options_.cluster_name);
  return identities_.intern(labels);
}

IdentityId Cluster::host_endpoint(const Node& node) const {
  LabelSet labels;
  labels.put({.source = kReserved, .key = kHostKey});
  for (const auto& [written, value] : node.labels) {
    const std::string_view key = key_in_identity(written, options_.release);
    if (reaches_identity(key, options_.release)) {
      labels.put({.source = kK8s, .key = symbols_.intern(key), .value = symbols_.intern(value)});
    }
  }
  return identities_.intern(labels);
}

PeerIdentity Cluster::peer(const Pod& pod, std::string_view node) const {
  if (pod.host_network) return node_peer(pod.node_name, nullptr, node);
  return with_aggregate(identity_of(pod), "aggregate-cluster");
}

void Cluster::add_node_labels(const Node& node, LabelSet& labels) const {
  for (const auto& [key, value] : node.labels) {
    labels.put({.source = kNodeSource,
                .key = symbols_.intern(key_in_identity(key, options_.release)),
                .value = symbols_.intern(value)});
  }
  if (!has(options_.release, Trait::kNodesCarryClusterLabel)) return;
  labels.put({.source = kK8s, .key = symbols_.intern(kClusterKey), .value = symbols_.intern(options_.cluster_name)});
}

// Labels of one key among which chance decides.
struct Cluster::Chances {
  std::vector<std::vector<Label>> choices{};

  // Adds the labels that the groups of one prefix give, in the order of their names.
  void add(const std::vector<Label>& given, bool by_chance, LabelSet& labels) {
    const std::size_t before = choices.size();
    for (const Label& label : given) {
      const Label* present = labels.find(label.key);
      if (present == nullptr) {
        labels.put(label);
        if (by_chance) choices.push_back({label});
        continue;
      }
      // Only what this prefix gave itself is open; a longer prefix's label stands.
      const auto open = std::find_if(choices.begin() + static_cast<std::ptrdiff_t>(before), choices.end(),
                                     [&](const auto& choice) { return choice.front().key == label.key; });
      if (open != choices.end() && std::ranges::find(*open, label) == open->end()) open->push_back(label);
    }
    std::erase_if(choices, [](const auto& choice) { return choice.size() < 2; });
  }
};

// The labels that known prefixes give to an address that they cover.
void Cluster::add_prefix_labels(const IpAddress& address, LabelSet& labels, Chances& chances) const {
  for (const auto* known : known_.covering(address)) {
    if (known->second.policies > 0 && labels.prefixes().empty()) labels.add_prefix(known->first);
    std::vector<Label> given;
    for (const auto& [name, group] : known->second.groups) given.insert(given.end(), group.begin(), group.end());
    chances.add(given, has(options_.release, Trait::kGroupOrderIsChance), labels);
  }
}

// Every other identity that `labels` may turn out to be. Choices are taken to be independent, which covers more than
// can happen; past the limit only one is varied at a time.
std::vector<IdentityId> Cluster::alternatives(const LabelSet& labels, const Chances& chances) const {
  constexpr std::size_t kMost = 64;
  std::vector<LabelSet> sets{labels};
  for (const std::vector<Label>& choice : chances.choices) {
    if (const Label* held = labels.find(choice.front().key); held == nullptr || *held != choice.front()) continue;
    const std::size_t bases = sets.size() * choice.size() <= kMost ? sets.size() : 1;
    for (std::size_t i = 0; i < bases; ++i) {
      for (std::size_t other = 1; other < choice.size(); ++other) {
        LabelSet changed = sets[i];
        changed.put(choice[other]);
        sets.push_back(std::move(changed));
      }
    }
  }
  std::vector<IdentityId> ids;
  for (std::size_t i = 1; i < sets.size(); ++i) ids.push_back(identities_.intern(sets[i]));
  return ids;
}

PeerIdentity Cluster::node_peer(std::string_view name, const IpAddress* address, std::string_view node) const {
  const bool local = name == node;
  const auto found = world_.nodes().find(name);
  const Node* object = found == world_.nodes().end() ? nullptr : &found->second;
  LabelSet labels;
  labels.put({.source = kReserved, .key = local ? kHostKey : kRemoteNodeKey});
  Chances chances;
  std::vector<IpAddress> addresses;
  if (local && object != nullptr) {
    addresses = object->addresses;
  } else if (address != nullptr) {
    addresses = {*address};
  } else if (object != nullptr && !object->addresses.empty()) {
    addresses = {object->addresses.front()};
  }
  const bool labelled = options_.enable_node_selector_labels && object != nullptr &&
                        (!local || has(options_.release, Trait::kLocalNodeCarriesNodeLabels));
  if (labelled) add_node_labels(*object, labels);
  for (const IpAddress& one : addresses) {
    if (is_api_server(one)) labels.put({.source = kReserved, .key = symbols_.intern("kube-apiserver")});
    if (!options_.policy_cidr_match_nodes || (one.is_v4() && !options_.dual_stack)) continue;
    LabelSet prefix_labels;
    prefix_labels.add_prefix(Prefix::of(one));
    add_prefix_labels(one, prefix_labels, chances);
    labels.add_prefix(Prefix::of(one));
    for (const Label& label : prefix_labels.labels()) labels.put_if_absent(label);
  }
  PeerIdentity peer{.id = identities_.intern(labels)};
  if (!local && (labelled || options_.policy_cidr_match_nodes)) peer = with_aggregate(peer.id, "aggregate-remote-node");
  peer.local_host = local;
  peer.instead = alternatives(labels, chances);
  return peer;
}

PeerIdentity Cluster::outside(const IpAddress& address) const {
  if (is_api_server(address)) return derive_outside(address, true);
  if (const KnownPrefixes::Entry* longest = known_.longest(address)) {
    const auto [at, added] = index_->known.try_emplace(longest);
    if (added) at->second = derive_outside(address, false);
    return at->second;
  }
  std::optional<PeerIdentity>& plain = address.is_v4() ? index_->plain_v4 : index_->plain_v6;
  if (!plain) plain = derive_outside(address, false);
  return *plain;
}

PeerIdentity Cluster::derive_outside(const IpAddress& address, bool api_server) const {
  const bool v4 = address.is_v4();
  LabelSet labels;
  if (api_server) labels.put({.source = kReserved, .key = symbols_.intern("kube-apiserver")});
  const bool known = known_.longest(address) != nullptr;
  Chances chances;
  add_prefix_labels(address, labels, chances);
  if ((known || api_server) && has(options_.release, Trait::kZeroGroupReachesLonger)) {
    chances.add(known_.zero_group_labels(v4), has(options_.release, Trait::kGroupOrderIsChance), labels);
  }
  labels.put({.source = kReserved, .key = world_key(v4)});
  const IdentityId id = identities_.intern(labels);
  PeerIdentity peer = known || api_server ? with_aggregate(id, "aggregate-world") : PeerIdentity{.id = id};
  peer.outside = true;
  peer.instead = alternatives(labels, chances);
  const bool plain = !known && !api_server;
  if (plain && options_.dual_stack && has(options_.release, Trait::kWorldStandsForBothFamilies)) {
    peer.stands_in = reserved("world");
  }
  return peer;
}

PeerIdentity Cluster::address_peer(const IpAddress& address, std::string_view node) const {
  if (const Holder* held = holder(address)) {
    return held->pod != nullptr ? peer(*held->pod, node) : node_peer(held->node, &address, node);
  }
  return outside(address);
}

}  // namespace sextant::policy
