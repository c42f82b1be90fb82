#include "agent/policy/engine_state.h"

#include <algorithm>
#include <tuple>

#include "agent/policy/compile.h"

namespace sextant::policy {
namespace {

std::unique_ptr<CompiledPolicy> compiled(Policy policy, const Identities& identities, std::uint64_t serial) {
  auto result = std::make_unique<CompiledPolicy>();
  result->serial = serial;
  for (const Spec& spec : policy.specs) {
    auto& matchers = result->matchers.emplace_back();
    for (const Entry& entry : spec.entries)
      matchers.push_back(std::make_shared<const Matcher>(entry.peers.selectors, identities));
  }
  result->policy = std::move(policy);
  return result;
}

// Where its subjects are; empty: everywhere.
std::string_view scope_of(const ObjectKey& key) {
  if (key.kind == ObjectKind::kCiliumClusterwideNetworkPolicy || key.kind == ObjectKind::kClusterNetworkPolicy)
    return "";
  return key.ns.empty() && key.kind == ObjectKind::kNetworkPolicy ? std::string_view("default")
                                                                  : std::string_view(key.ns);
}

bool touches(const CompiledPolicy* compiled, const LabelSet& labels, std::string_view ns, bool host) {
  if (compiled == nullptr) return false;
  const std::string_view scope = scope_of(compiled->policy.key);
  if (!scope.empty() && scope != ns) return false;
  return std::ranges::any_of(compiled->policy.specs, [&](const Spec& spec) { return selects(spec, labels, host); });
}

}  // namespace

Engine::State::State(const World& w, Options o)
    : world(w),
      options(std::move(o)),
      cluster(w, options, symbols, identities, known),
      compiler(std::make_unique<KernelCompiler>()) {
  rebuild();
}

Engine::State::~State() = default;

void Engine::State::rebuild() {
  policies.clear();
  groups.clear();
  known = {};
  subjects_.clear();
  by_selection_.clear();
  by_namespace_.clear();
  port_sets_.clear();
  intents_.clear();
  workload_intents_.clear();
  outlooks_.clear();
  classes_.reset();
  cluster.forget();
  identities = {};
  symbols = {};
  compiler->forget();
  for (const auto& [key, object] : world.policies()) put_policy(object);
  known_generation_ = known.generation();
  changes_ = 0;
  bound_identities();
}

// Identities are never forgotten one by one, for what was found of one holds for ever. Where labels and prefixes come
// and go for long enough, everything is made anew.
void Engine::State::bound_identities() {
  constexpr std::size_t kLeast = 20'000, kFewChanges = 1'000;
  if (changes_ == 0) {
    identity_limit_ = kLeast + 4 * (world.pods().size() + known.all().size());
  } else if (identities.size() > identity_limit_) {
    if (changes_ < kFewChanges) {
      identity_limit_ = 2 * identities.size();  // so many live at once
    } else {
      rebuild();
    }
  }
}

void Engine::State::put_policy(const PolicyObject& object) {
  if (object.kind == ObjectKind::kCiliumCidrGroup) {
    put_group(object);
    return;
  }
  const ObjectKey key{.kind = object.kind, .ns = object.ns, .name = object.name};
  auto policy = compiled(parse_policy(object, options, symbols), identities, ++serials_);
  ++work.policies;
  // First what comes, then what goes: prefixes that both name stay known.
  for (const Prefix& prefix : policy->policy.prefixes) known.add_policy_prefix(prefix);
  std::unique_ptr<CompiledPolicy>& place = policies[key];
  if (place != nullptr) {
    for (const Prefix& prefix : place->policy.prefixes) known.remove_policy_prefix(prefix);
  }
  forget_subjects_of(place.get(), policy.get());
  place = std::move(policy);
}

void Engine::State::put_group(const PolicyObject& object) {
  CidrGroup group = read_cidr_group(object, options.release, symbols);
  const auto [at, added] = groups.try_emplace({.kind = object.kind, .ns = object.ns, .name = object.name});
  const bool same = !added && at->second.labels == group.labels && at->second.prefixes == group.prefixes;
  if (!added && !same) known.remove_group(at->second);
  at->second = std::move(group);
  if (!same) known.add_group(at->second);
}

void Engine::State::remove_policy(const ObjectKey& key) {
  if (const auto at = groups.find(key); at != groups.end()) {
    known.remove_group(at->second);
    groups.erase(at);
  }
  if (const auto at = policies.find(key); at != policies.end()) {
    for (const Prefix& prefix : at->second->policy.prefixes) known.remove_policy_prefix(prefix);
    forget_subjects_of(at->second.get(), nullptr);
    policies.erase(at);
  }
}

// Subjects that neither the old nor the new form of a policy selects keep their own.
void Engine::State::forget_subjects_of(const CompiledPolicy* before, const CompiledPolicy* after) {
  by_namespace_.clear();
  std::erase_if(subjects_, [&](const auto& known_subject) {
    const SubjectKey& key = known_subject.first;
    const LabelSet& labels = identities.labels(key.id);
    const std::string_view ns = namespace_of(labels);
    return touches(before, labels, ns, key.host) || touches(after, labels, ns, key.host);
  });
  std::erase_if(by_selection_, [](const auto& selection) { return selection.second.expired(); });
}

void Engine::State::on(const Delta& delta) {
  ++changes_;
  bool seen_otherwise = cluster.on(delta);
  if (const auto* object = std::get_if<Object>(&delta)) {
    if (const auto* policy = std::get_if<PolicyObject>(object)) put_policy(*policy);
  } else if (const auto* removed = std::get_if<Removed>(&delta)) {
    remove_policy(removed->key);
    if (removed->key.kind == ObjectKind::kPod)
      intents_.erase({.kind = EndpointKind::kPod, .ns = removed->key.ns, .name = removed->key.name});
    workload_intents_.erase(removed->key);
    if (removed->key.kind == ObjectKind::kNode) outlooks_.erase(removed->key.name);
  }
  if (known.generation() != known_generation_) {
    known_generation_ = known.generation();
    cluster.forget_prefixes();
    seen_otherwise = true;
  }
  if (seen_otherwise) classes_.reset();
  bound_identities();
}

void Engine::State::index_policies() const {
  if (!by_namespace_.empty()) return;
  by_namespace_[""];
  for (const auto& [key, policy] : policies) by_namespace_[std::string(scope_of(key))].push_back(policy.get());
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

std::string_view Engine::State::namespace_of(const LabelSet& labels) const {
  const Label* ns = labels.find(symbols.intern(kNamespaceKey));
  return ns != nullptr && ns->source == kK8s ? symbols.text(ns->value) : std::string_view();
}

std::vector<const CompiledPolicy*> Engine::State::candidates(const Target& target) const {
  index_policies();
  std::vector<const CompiledPolicy*> found = by_namespace_[""];
  const std::string_view ns = namespace_of(identities.labels(target.id));
  if (ns.empty()) return found;
  if (const auto own = by_namespace_.find(ns); own != by_namespace_.end())
    found.insert(found.end(), own->second.begin(), own->second.end());
  return found;
}

std::uint32_t Engine::State::number_of(const std::vector<ContainerPort>& ports) const {
  std::vector<ContainerPort> named;
  for (const ContainerPort& port : ports) {
    if (!port.name.empty()) named.push_back({.name = port.name, .protocol = port.protocol, .port = port.port});
  }
  if (named.empty()) return 0;
  return port_sets_.try_emplace(std::move(named), static_cast<std::uint32_t>(port_sets_.size() + 1)).first->second;
}

std::shared_ptr<Engine::State::Ruled> Engine::State::ruled(const Target& target) const {
  const std::uint32_t ports = target.ports == nullptr ? 0 : number_of(*target.ports);
  std::shared_ptr<Ruled>& known_subject = subjects_[{.id = target.id, .ports = ports, .host = target.host}];
  if (known_subject == nullptr) known_subject = make_ruled(target, ports);
  return known_subject;
}

Engine::State::Selection Engine::State::selection_of(const Target& target, std::uint32_t ports,
                                                     const std::vector<SelectedSpec>& selected) const {
  const LabelSet& labels = identities.labels(target.id);
  const bool named = std::ranges::any_of(selected, [](const SelectedSpec& one) { return names_ports(one.spec()); });
  Selection selection{(target.host ? 1U : 0U) | (labels.find(kHostKey) != nullptr ? 2U : 0U) |
                          (labels.find(kInitKey) != nullptr ? 4U : 0U),
                      named ? ports : 0};
  for (const SelectedSpec& one : selected) {
    selection.push_back(one.policy->serial);
    selection.push_back(one.index);
  }
  return selection;
}

std::shared_ptr<Engine::State::Ruled> Engine::State::make_ruled(const Target& target, std::uint32_t ports) const {
  const LabelSet& labels = identities.labels(target.id);
  std::vector<SelectedSpec> selected;
  for (const CompiledPolicy* compiled : candidates(target)) {
    for (std::uint32_t i = 0; i < compiled->policy.specs.size(); ++i) {
      if (selects(compiled->policy.specs[i], labels, target.host)) selected.push_back({compiled, i});
    }
  }
  std::weak_ptr<Ruled>& same = by_selection_[selection_of(target, ports, selected)];
  if (std::shared_ptr<Ruled> known_policy = same.lock()) return known_policy;
  ++work.subjects;
  auto made = std::make_shared<Ruled>(
      build_subject({.labels = &labels, .host = target.host, .ports = target.ports}, selected, options, identities),
      options.release);
  same = made;
  return made;
}

std::shared_ptr<const SubjectPolicy> Engine::State::policy_of(const Target& target) const {
  const std::shared_ptr<Ruled> subject = ruled(target);
  return {subject, &subject->policy};
}

std::shared_ptr<const Classes> Engine::State::make_classes(std::string_view node) const {
  ++work.partitions;
  return std::make_shared<const Classes>(cluster, world, options, symbols, identities, known, class_names, node);
}

const Classes& Engine::State::classes() const {
  if (classes_ == nullptr) {
    classes_ = make_classes(world.local_node());
    class_names.end_round();
  }
  return *classes_;
}

std::shared_ptr<const Outlook> Engine::State::outlook_of(const std::string& node) const {
  classes();
  Seen& seen = outlooks_[node];
  if (seen.classes == classes_) return seen.outlook;
  const bool local = node == world.local_node();
  auto fresh =
      std::make_shared<Outlook>(make_outlook(local ? classes_ : make_classes(node), cluster, node, ++outlooks_made_));
  if (seen.outlook != nullptr) fresh->compare_with(*seen.outlook);
  if (seen.outlook == nullptr || !fresh->equals(*seen.outlook)) seen.outlook = std::move(fresh);
  seen.classes = classes_;
  return seen.outlook;
}

const IntentRows& Engine::State::rows_of(Ruled& subject, const std::shared_ptr<const Outlook>& outlook) const {
  if (subject.outlook == outlook) return subject.rows;
  const bool follows = subject.outlook != nullptr && outlook->before == subject.outlook->serial;
  std::vector<std::uint32_t> cells_of(outlook->peers.size());
  for (std::size_t i = 0; i < cells_of.size(); ++i) {
    const std::uint32_t same_as = follows ? outlook->same_as[i] : Outlook::kNew;
    cells_of[i] =
        same_as == Outlook::kNew ? subject.behaviours.number_of(outlook->peers[i]) : subject.rows.cells_of()[same_as];
  }
  subject.rows = IntentRows(outlook->classes->sources(), subject.behaviours.all(), std::move(cells_of));
  subject.outlook = outlook;
  return subject.rows;
}

std::shared_ptr<const EndpointIntent> Engine::State::renew(Made& made, const EndpointRef& endpoint,
                                                           const Target& target) const {
  const std::shared_ptr<Ruled> subject = ruled(target);
  const std::shared_ptr<const Outlook> outlook = outlook_of(target.node);
  if (made.intent != nullptr && made.subject == subject && made.outlook == outlook) return made.intent;
  ++work.intents;
  const SubjectPolicy& policy = subject->policy;
  made = {
      .intent = std::make_shared<const EndpointIntent>(EndpointIntent{.endpoint = endpoint,
                                                                      .selected = policy.selected,
                                                                      .enforced = policy.applies && policy.default_deny,
                                                                      .selecting = policy.selecting_policies,
                                                                      .rows = rows_of(*subject, outlook)}),
      .subject = subject,
      .outlook = outlook};
  return made.intent;
}

std::shared_ptr<const EndpointIntent> Engine::State::intent_of(const EndpointRef& endpoint,
                                                               const Target& target) const {
  return renew(intents_[endpoint], endpoint, target);
}

std::shared_ptr<const EndpointIntent> Engine::State::intent_of_workload(const ObjectKey& workload,
                                                                        const Target& target) const {
  return renew(workload_intents_[workload], {.kind = EndpointKind::kPod, .ns = workload.ns, .name = workload.name},
               target);
}

}  // namespace sextant::policy
