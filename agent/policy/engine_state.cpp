#include "agent/policy/engine_state.h"

#include <algorithm>
#include <tuple>

#include "agent/policy/cells.h"
#include "agent/policy/explain.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

std::unique_ptr<CompiledPolicy> compiled(Policy policy, const Identities& identities) {
  auto result = std::make_unique<CompiledPolicy>();
  for (const Spec& spec : policy.specs) {
    auto& matchers = result->matchers.emplace_back();
    for (const Entry& entry : spec.entries)
      matchers.push_back(std::make_shared<const Matcher>(entry.peers.selectors, identities));
  }
  result->policy = std::move(policy);
  return result;
}

}  // namespace

Engine::State::State(const World& w, Options o)
    : world(w), options(std::move(o)), cluster(w, options, symbols, identities, known) {
  rebuild();
}

void Engine::State::rebuild() {
  policies.clear();
  groups.clear();
  known = {};
  for (const auto& [key, object] : world.policies()) put_policy(object);
  forget_policies();
  forget_cluster();
}

void Engine::State::put_policy(const PolicyObject& object) {
  const ObjectKey key{.kind = object.kind, .ns = object.ns, .name = object.name};
  remove_policy(key);
  if (object.kind == ObjectKind::kCiliumCidrGroup) {
    const CidrGroup& group = groups[key] = read_cidr_group(object, options.release, symbols);
    known.add_group(group);
    return;
  }
  auto policy = compiled(parse_policy(object, options, symbols), identities);
  for (const Prefix& prefix : policy->policy.prefixes) known.add_policy_prefix(prefix);
  policies[key] = std::move(policy);
}

void Engine::State::remove_policy(const ObjectKey& key) {
  if (const auto at = groups.find(key); at != groups.end()) {
    known.remove_group(at->second);
    groups.erase(at);
  }
  if (const auto at = policies.find(key); at != policies.end()) {
    for (const Prefix& prefix : at->second->policy.prefixes) known.remove_policy_prefix(prefix);
    policies.erase(at);
  }
}

void Engine::State::forget_policies() {
  ports_are_named = std::ranges::any_of(policies, [](const auto& entry) { return names_ports(entry.second->policy); });
  by_namespace.clear();
  subjects.clear();
  intents.clear();
  workload_intents.clear();
}

void Engine::State::forget_cluster() {
  cluster.forget();
  classes_.reset();
  intents.clear();
  workload_intents.clear();
}

void Engine::State::on(const Delta& delta) {
  if (const auto* object = std::get_if<Object>(&delta)) {
    if (const auto* policy = std::get_if<PolicyObject>(object)) {
      put_policy(*policy);
      forget_policies();
    }
  } else if (const auto* removed = std::get_if<Removed>(&delta)) {
    remove_policy(removed->key);
    forget_policies();
  }
  forget_cluster();
}

void Engine::State::index_policies() const {
  if (!by_namespace.empty()) return;
  by_namespace[""];
  for (const auto& [key, policy] : policies) {
    const bool clusterwide =
        key.kind == ObjectKind::kCiliumClusterwideNetworkPolicy || key.kind == ObjectKind::kClusterNetworkPolicy;
    const std::string ns = clusterwide                                                ? ""
                           : key.ns.empty() && key.kind == ObjectKind::kNetworkPolicy ? "default"
                                                                                      : key.ns;
    by_namespace[ns].push_back(policy.get());
  }
}

Target Engine::State::target_of(const Pod& pod) const {
  if (pod.host_network) return node_target(pod.node_name);
  return {.id = cluster.identity_of(pod), .ports = &pod.ports, .node = pod.node_name};
}

Target Engine::State::node_target(std::string_view name) const {
  const auto node = world.nodes().find(name);
  const IdentityId id = cluster.host_endpoint(node == world.nodes().end() ? Node{} : node->second);
  return {.id = id, .host = true, .node = std::string(name)};
}

Result<Target> Engine::State::target(const Subject& to) const {
  const std::string node = to.node.empty() ? world.local_node() : to.node;
  switch (to.kind) {
    case Subject::Kind::kPod: {
      const Pod* pod = world.pod(to.ns, to.name);
      if (pod == nullptr) return failure("there is no pod " + to.ns + "/" + to.name);
      return target_of(*pod);
    }
    case Subject::Kind::kWorkload: {
      const auto workload = world.workloads().find({.kind = ObjectKind::kWorkload, .ns = to.ns, .name = to.name});
      if (workload == world.workloads().end()) return failure("there is no workload " + to.ns + "/" + to.name);
      return target_of(workload->second.pod);
    }
    case Subject::Kind::kNode:
      if (to.name != world.local_node() && !world.nodes().contains(to.name))
        return failure("there is no node " + to.name);
      return node_target(to.name);
    case Subject::Kind::kHealth:
      return Target{.id = cluster.reserved("health"), .node = node};
    case Subject::Kind::kIngress:
      return Target{.id = cluster.reserved("ingress"), .node = node};
    case Subject::Kind::kInit:
      return Target{.id = cluster.reserved("init"), .node = node};
  }
  return failure("no such kind of endpoint");
}

Result<PeerIdentity> Engine::State::peer(const Peer& from, const std::string& node) const {
  switch (from.kind) {
    case Peer::Kind::kAddress:
      return cluster.address_peer(from.address, node);
    case Peer::Kind::kPod: {
      const Pod* pod = world.pod(from.ns, from.name);
      if (pod == nullptr) return failure("there is no pod " + from.ns + "/" + from.name);
      return cluster.peer(*pod, node);
    }
    case Peer::Kind::kNode:
      if (from.name != world.local_node() && !world.nodes().contains(from.name))
        return failure("there is no node " + from.name);
      return cluster.node_peer(from.name, nullptr, node);
    case Peer::Kind::kHealth:
      return cluster.reserved_peer("health");
    case Peer::Kind::kIngress:
      return cluster.reserved_peer("ingress");
    case Peer::Kind::kInit:
      return cluster.reserved_peer("init");
    case Peer::Kind::kUnmanaged:
      return cluster.reserved_peer("unmanaged");
  }
  return failure("no such kind of source");
}

PeerIdentity Engine::State::peer_of(const Classes::Member& member, const std::string& node) const {
  switch (member.kind) {
    case Classes::Member::Kind::kPod:
      return cluster.peer(*member.pod, node);
    case Classes::Member::Kind::kNode:
      return cluster.node_peer(member.node, &member.source->sample, node);
    case Classes::Member::Kind::kOutside:
      break;
  }
  return cluster.outside(member.source->sample);
}

std::shared_ptr<const SubjectPolicy> Engine::State::policy_of(const Target& target) const {
  std::string key = std::to_string(target.id) + (target.host ? "h" : "");
  if (ports_are_named && target.ports != nullptr) {
    for (const ContainerPort& port : *target.ports) {
      if (!port.name.empty()) key += "," + port.name + to_string(port.protocol) + std::to_string(port.port);
    }
  }
  std::shared_ptr<const SubjectPolicy>& policy = subjects[key];
  if (policy != nullptr) return policy;
  policy = std::make_shared<const SubjectPolicy>(
      build_subject({.labels = &identities.labels(target.id), .host = target.host, .ports = target.ports},
                    candidates(target), options, identities));
  return policy;
}

std::vector<const CompiledPolicy*> Engine::State::candidates(const Target& target) const {
  index_policies();
  std::vector<const CompiledPolicy*> found = by_namespace[""];
  const Label* ns = identities.labels(target.id).find(symbols.intern(kNamespaceKey));
  if (ns != nullptr && ns->source == kK8s && ns->value != 0) {
    const auto own = by_namespace.find(symbols.text(ns->value));
    if (own != by_namespace.end()) found.insert(found.end(), own->second.begin(), own->second.end());
  }
  return found;
}

const Classes& Engine::State::classes() const {
  if (!classes_) classes_.emplace(cluster, world, options, symbols, identities, known, class_names);
  return *classes_;
}

std::shared_ptr<const EndpointIntent> Engine::State::make_intent(EndpointRef endpoint, const Target& target) const {
  const std::shared_ptr<const SubjectPolicy> subject = policy_of(target);
  auto intent = std::make_shared<EndpointIntent>();
  intent->endpoint = std::move(endpoint);
  intent->selected = subject->selected;
  intent->enforced = subject->applies && subject->default_deny;
  intent->selecting = selecting_policies(*subject);
  // Classes that the same items concern have the same cells.
  using Behaviour = std::tuple<std::vector<std::vector<bool>>, bool, IdentityId>;
  std::map<Behaviour, SharedCells> behaviours;
  for (const Classes::Member& member : classes().members()) {
    const Sight sight = sight_of(*subject, peer_of(member, target.node));
    std::vector<std::vector<bool>> concerned{sight.concerned};
    for (const Sight& other : sight.instead) concerned.push_back(other.concerned);
    // Authentication tells an identity's own entries from its aggregate's.
    const IdentityId id = subject->authenticates ? sight.peer.id : kNoIdentity;
    const auto [at, added] = behaviours.try_emplace({std::move(concerned), sight.peer.outside, id});
    if (added) at->second = cells_for(*subject, sight, options.release);
    intent->rows.push_back({.source = member.source, .cells = at->second});
  }
  return intent;
}

}  // namespace sextant::policy
