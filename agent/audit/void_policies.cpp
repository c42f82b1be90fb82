#include "agent/audit/void_policies.h"

#include <algorithm>
#include <utility>

#include "agent/audit/difference.h"
#include "agent/audit/lint/checks.h"
#include "agent/audit/picture.h"

namespace sextant::audit {
namespace {

ObjectKey key_of(const PolicyRef& ref) { return {.kind = ref.kind, .ns = ref.ns, .name = ref.name}; }

bool is_world(const Document& entity) { return entity.text == "world" || entity.text.starts_with("world-"); }

// Addresses, and nobody who could come or go.
bool names_addresses(const Document& peers, std::string_view member) {
  const auto each = [&](auto&& test) {
    return peers.is_list() && !peers.items.empty() && std::ranges::all_of(peers.items, test);
  };
  if (member == "fromEntities") return each(is_world);
  if (member == "fromCIDR") return each(&Document::is_string);
  if (member == "fromCIDRSet") return each([](const Document& set) { return set.get("cidr") != nullptr; });
  if (member == "from") {
    return each([](const Document& peer) { return peer.members.size() == 1 && peer.get("ipBlock") != nullptr; });
  }
  return false;
}

bool is_plain_ports(const Document& ports) {
  return std::ranges::all_of(ports.items, [](const Document& item) {
    return std::ranges::all_of(item.members, [](const auto& member) { return member.first == "ports"; });
  });
}

// An allow rule for addresses, on ports and nothing else.
bool only_addresses(const lint::RuleView& rule) {
  bool names = false;
  for (const auto& [member, value] : rule.document->members) {
    if (member == "toPorts") {
      if (!is_plain_ports(value)) return false;
    } else if (member.starts_with("from")) {
      if (!names_addresses(value, member)) return false;
      names = true;
    } else if (member != "ports" && member != "icmps") {
      return false;
    }
  }
  return names && !rule.deny;
}

bool only_addresses(const lint::PolicyView& view) {
  if (view.object->kind == ObjectKind::kClusterNetworkPolicy) return false;
  std::size_t rules = 0;
  for (const lint::SpecView& spec : view.specs) {
    if (spec.node || spec.document->get("enableDefaultDeny") != nullptr) return false;
    if (!std::ranges::all_of(spec.rules, [](const auto& rule) { return only_addresses(rule); })) return false;
    rules += spec.rules.size();
  }
  return rules > 0;
}

bool denies(const lint::PolicyView& view) {
  return view.object->kind == ObjectKind::kClusterNetworkPolicy ||
         std::ranges::any_of(view.specs, [](const lint::SpecView& spec) {
           return std::ranges::any_of(spec.rules, &lint::RuleView::deny);
         });
}

policy::Subject subject_of(const Pod& pod) {
  return {.kind = policy::Subject::Kind::kPod, .ns = pod.ns, .name = pod.name};
}

// Whom policies cannot tell apart: of those one is enough.
bool alike(const Pod& a, const Pod& b) {
  return a.ns == b.ns && a.service_account == b.service_account && a.labels == b.labels && a.ports == b.ports;
}

bool can_be_selected(const Pod& pod) { return !pod.finished && !pod.host_network; }

}  // namespace

void VoidPolicies::look() {
  remarks_.clear();
  refused_.clear();
  for (const PolicyProblem& problem : engine_.problems()) refused_.insert(key_of(problem.policy));
  read_policies();
  if (templates_known_) look_at_selections();
  look_at_shadows();
  std::ranges::sort(remarks_, {}, [](const lint::Remark& remark) { return key_of(remark.policy); });
  const auto repeated =
      std::ranges::unique(remarks_, {}, [](const lint::Remark& remark) { return key_of(remark.policy); });
  remarks_.erase(repeated.begin(), repeated.end());
}

void VoidPolicies::read_policies() {
  std::erase_if(readings_, [&](const auto& entry) { return !world_.policies().contains(entry.first); });
  for (const auto& [key, object] : world_.policies()) {
    if (key.kind == ObjectKind::kCiliumCidrGroup) continue;
    Reading& reading = readings_[key];
    if (reading.body == object.body) continue;
    const lint::PolicyView view = lint::view_of(object);
    reading = {.body = object.body, .only_addresses = only_addresses(view), .denies = denies(view)};
  }
}

void VoidPolicies::say(lint::Remark remark) {
  remark.policy.rule.clear();
  if (!lint::is_silenced(world_, remark)) remarks_.push_back(std::move(remark));
}

// A policy selects nothing when no spec of it selects anything, and of every one that can be told.
void VoidPolicies::look_at_selections() {
  Keys selecting;
  const auto ask = [&](const policy::Subject& subject) {
    const auto selected = engine_.selected_by(subject);
    if (!selected) return;
    for (const PolicyRef& ref : *selected) selecting.insert(key_of(ref));
  };
  const Pod* before = nullptr;  // pods of one workload follow each other
  for (const auto& [key, pod] : world_.pods()) {
    if (!can_be_selected(pod)) continue;
    if (before == nullptr || !alike(*before, pod)) ask(subject_of(pod));
    before = &pod;
  }
  for (const auto& [key, workload] : world_.workloads()) {
    if (!workload.pod.host_network)
      ask({.kind = policy::Subject::Kind::kWorkload, .ns = workload.pod.ns, .name = key.name});
  }
  for (const auto& [name, node] : world_.nodes()) ask({.kind = policy::Subject::Kind::kNode, .name = name});
  for (const auto& [key, object] : world_.policies()) {
    if (key.kind == ObjectKind::kCiliumCidrGroup || selecting.contains(key) || refused_.contains(key)) continue;
    const lint::PolicyView view = lint::view_of(object);
    const bool told = std::ranges::all_of(
        view.specs, [&](const lint::SpecView& spec) { return lint::can_tell_selection(world_, view, spec); });
    if (told && !view.specs.empty()) say(lint::selects_nothing(world_, view, view.specs.front()));
  }
}

void VoidPolicies::look_at_shadows() {
  const bool any_deny = std::ranges::any_of(readings_, [](const auto& entry) { return entry.second.denies; });
  if (!any_deny) return;
  const Keys deciding = deciders();
  for (const auto& [key, reading] : readings_) {
    if (reading.only_addresses && !deciding.contains(key) && !refused_.contains(key))
      look_at_shadow(world_.policies().at(key));
  }
}

VoidPolicies::Keys VoidPolicies::deciders() {
  std::map<const void*, Deciders> latest;
  Keys all;
  for (const auto& [key, pod] : world_.pods()) {
    if (!is_endpoint(world_, pod)) continue;
    const auto intent = engine_.intent({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name});
    if (intent == nullptr) continue;
    const auto [at, added] = latest.try_emplace(intent->rows.identity());
    if (!added) continue;
    Deciders& found = at->second;
    if (const auto known = deciders_.find(intent->rows.identity()); known != deciders_.end()) {
      found = std::move(known->second);
    } else {
      found.rows = intent->rows;
      std::set<const void*> seen;  // rows share their cells
      for (const IntentRow& row : intent->rows) {
        if (!seen.insert(row.cells.identity()).second) continue;
        for (const IntentCell& cell : row.cells) {
          if (!reachable(cell.verdict) && cell.verdict != Verdict::kUnknown) continue;
          for (const PolicyRef& ref : cell.policies) found.policies.insert(key_of(ref));
        }
      }
    }
    all.insert(found.policies.begin(), found.policies.end());
  }
  deciders_ = std::move(latest);
  return all;
}

// One of each kind of pods that the policy selects, if each kind has one on this node; else none.
std::vector<const Pod*> VoidPolicies::subjects_of(const ObjectKey& policy) const {
  std::vector<const Pod*> local;
  std::vector<const Pod*> others;
  const auto add = [](std::vector<const Pod*>& to, const Pod& pod) {
    if (std::ranges::none_of(to, [&](const Pod* other) { return alike(*other, pod); })) to.push_back(&pod);
  };
  for (const auto& [key, pod] : world_.pods()) {
    if (!can_be_selected(pod) || (!policy.ns.empty() && pod.ns != policy.ns)) continue;
    add(is_endpoint(world_, pod) ? local : others, pod);
  }
  const auto selects = [&](const Pod* pod) {
    const auto selected = engine_.selected_by(subject_of(*pod));
    return selected && std::ranges::any_of(*selected, [&](const PolicyRef& ref) { return key_of(ref) == policy; });
  };
  std::erase_if(local, [&](const Pod* pod) { return !selects(pod); });
  const bool elsewhere = std::ranges::any_of(others, [&](const Pod* pod) {
    // Of other nodes' pods the ports are not known.
    const auto same = [&](const Pod* own) {
      return own->ns == pod->ns && own->service_account == pod->service_account && own->labels == pod->labels;
    };
    return std::ranges::none_of(local, same) && selects(pod);
  });
  return elsewhere ? std::vector<const Pod*>() : local;
}

// What the policy would let in alone, against what is decided of it.
void VoidPolicies::look_at_shadow(const PolicyObject& policy) {
  const ObjectKey key{.kind = policy.kind, .ns = policy.ns, .name = policy.name};
  std::vector<PolicyRef> by;
  for (const Pod* pod : subjects_of(key)) {
    World alone(world_.local_node());
    for (const auto& [name, ns] : world_.namespaces()) alone.apply(Object(ns));
    if (const auto node = world_.nodes().find(world_.local_node()); node != world_.nodes().end())
      alone.apply(Object(node->second));
    alone.apply(Object(*pod));
    alone.apply(Object(policy));
    const policy::Engine engine(alone, engine_.options());
    const EndpointRef endpoint{.kind = EndpointKind::kPod, .ns = pod->ns, .name = pod->name};
    const SourcePairs pairs(engine, engine_);
    bool all_denied = true;
    walk_cells(pairs, *engine.intent(endpoint), *engine_.intent(endpoint),
               [&](const SourcePairs::Pair& pair, const IntentCell& own, const IntentCell& cell, std::uint16_t,
                   std::uint16_t) {
                 if (own.because != Because::kRule || !pair.after->is_public) return true;
                 all_denied = cell.verdict == Verdict::kDeny && cell.because == Because::kDenyRule;
                 for (const PolicyRef& ref : cell.policies) {
                   if (std::ranges::find(by, ref) == by.end()) by.push_back(ref);
                 }
                 return all_denied;
               });
    if (!all_denied) return;
  }
  if (by.empty()) return;
  const lint::PolicyView view = lint::view_of(policy);
  say(lint::shadowed(view.at("", view.body.get()), by));
}

}  // namespace sextant::audit
