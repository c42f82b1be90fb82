#include "agent/audit/services/route.h"

#include <algorithm>
#include <utility>

#include "agent/audit/intent_changes.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

Hearing unknown(std::string why) { return {.why = std::move(why)}; }

Hearing heard(const IntentCell& cell) {
  return {.verdict = cell.verdict,
          .because = cell.because,
          .why = cell.why.empty() ? std::string(to_string(cell.because)) : cell.why,
          .policies = cell.policies};
}

Hearing heard(const Result<Decision>& decision) {
  if (!decision) return unknown(decision.error().what);
  return {.verdict = decision->verdict,
          .because = decision->because,
          .why = decision->why,
          .policies = SharedPolicies(decision->policies)};
}

std::shared_ptr<const EndpointIntent> intent_of(const Lookups& lookups, const Backend& backend) {
  switch (backend.kind) {
    case Backend::Kind::kPod:
    case Backend::Kind::kHost:
      return lookups.intent(backend.ref);
    case Backend::Kind::kWorkload:
      return lookups.workload_intent ? lookups.workload_intent(backend.workload) : nullptr;
    case Backend::Kind::kProxy:
    case Backend::Kind::kUnknown:
      break;
  }
  return nullptr;
}

policy::Peer node_named(const std::string& name) { return {.kind = policy::Peer::Kind::kNode, .name = name}; }

}  // namespace

Route::Route(const ServiceGround& ground, const Door& door, const Backend& backend, std::string entry_node,
             SeenSource seen, std::shared_ptr<const EndpointIntent> intent, Source world)
    : ground_(ground),
      backend_(backend),
      entry_node_(std::move(entry_node)),
      seen_(seen),
      intent_(std::move(intent)),
      protocol_(door.port.protocol),
      world_(std::move(world)) {
  if (backend_.kind == Backend::Kind::kUnknown) return;
  if (seen_.of_node) translated_.push_back(as_node());
  if (seen_.of_tunnel)
    translated_.push_back(world_ == nullptr ? unknown("which policies name the world cannot be told") : kept(world_));
}

policy::Subject Route::subject() const {
  using Kind = policy::Subject::Kind;
  switch (backend_.kind) {
    case Backend::Kind::kHost:
      return {.kind = Kind::kNode, .name = backend_.ref.name};
    case Backend::Kind::kWorkload:
      return {.kind = Kind::kWorkload, .ns = backend_.workload.ns, .name = backend_.workload.name};
    case Backend::Kind::kProxy:
      return {.kind = Kind::kIngress, .node = entry_node_};
    case Backend::Kind::kPod:
    case Backend::Kind::kUnknown:
      break;
  }
  return {.kind = Kind::kPod, .ns = backend_.ref.ns, .name = backend_.ref.name};
}

const void* Route::likeness(const Source& source) const {
  if (backend_.kind == Backend::Kind::kProxy) return source.get();
  const std::optional<IntentRow> row = row_of(source);
  return row ? row->cells.identity() : nullptr;
}

std::optional<PolicyRef> Route::names(const Source& source) const {
  if (backend_.kind == Backend::Kind::kUnknown) return std::nullopt;
  const Hearing own = kept(source);
  if (!reachable(own.verdict) || own.because != Because::kRule || own.policies.empty()) return std::nullopt;
  return own.policies.front();
}

Hearing Route::hear(const Source& source) const {
  if (backend_.kind == Backend::Kind::kUnknown)
    return unknown(backend_.name() + " is no pod and no node that is known: its policies are not either");
  std::vector<Hearing> all = translated_;
  if (seen_.kept) all.insert(all.begin(), kept(source));
  for (const Hearing& other : all) {
    if (other.verdict == Verdict::kUnknown) return other;
    if (reachable(other.verdict) == reachable(all.front().verdict)) continue;
    return unknown("it is not known which source its policies see: the client's address (" + all.front().why +
                   ") or the node's (" + other.why + ")");
  }
  return all.front();
}

std::vector<policy::Peer> Route::seen_peers(const policy::Peer& client) const {
  std::vector<policy::Peer> peers;
  if (backend_.kind == Backend::Kind::kUnknown) return peers;
  if (seen_.kept) peers.push_back(client);
  if (seen_.of_node && !entry_node_.empty()) peers.push_back(node_named(entry_node_));
  if (seen_.of_tunnel && world_ != nullptr) peers.push_back({.address = world_->sample});
  return peers;
}

std::optional<IntentRow> Route::row_of(const Source& source) const {
  if (intent_ == nullptr) return std::nullopt;
  if (const auto own = intent_->row(source->id)) return *own;
  if (const auto held = row_holding(*intent_, source->sample)) return *held;
  return std::nullopt;
}

Hearing Route::kept(const Source& source) const {
  if (backend_.kind == Backend::Kind::kProxy) return decide({.address = source->sample});
  const std::optional<IntentRow> row = row_of(source);
  if (!row) return unknown("the policies of " + backend_.name() + " are not known");
  return heard(row->cell(protocol_, backend_.port));
}

Hearing Route::as_node() const {
  if (entry_node_.empty()) return unknown("it is not known at which node packets enter");
  return decide(node_named(entry_node_));
}

Hearing Route::decide(const policy::Peer& peer) const {
  if (!ground_.lookups.decide) return unknown("nobody can be asked");
  return heard(ground_.lookups.decide(subject(), peer, protocol_, backend_.port));
}

Route::Source world_among(const std::vector<Route::Source>& classes) {
  const auto world =
      std::ranges::find_if(classes, [](const Route::Source& s) { return texts::class_name(*s) == "world"; });
  return world == classes.end() ? nullptr : *world;
}

std::vector<Route> routes_to(const ServiceGround& ground, const Door& door, const std::vector<Backend>& backends,
                             const Route::Source& world) {
  std::vector<std::string> entries = ground.entry_nodes;
  if (!door.node.empty()) entries = {door.node};
  if (entries.empty()) entries.emplace_back();
  std::vector<Route> routes;
  for (const Backend& backend : backends) {
    const auto intent = intent_of(ground.lookups, backend);
    for (const std::string& entry : entries) {
      const auto seen = seen_source(door, backend, entry, ground.forwarding);
      if (seen) routes.emplace_back(ground, door, backend, entry, *seen, intent, world);
    }
  }
  return routes;
}

}  // namespace sextant::audit
