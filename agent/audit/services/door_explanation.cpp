#include "agent/audit/services/door_explanation.h"

#include <algorithm>
#include <utility>

#include "agent/audit/services/route.h"
#include "agent/audit/services/service_rows.h"

namespace sextant::audit {
namespace {

bool holds(const SourceClass& source, const IpAddress& address) {
  const auto has = [&](const Prefix& prefix) { return prefix.contains(address); };
  return std::ranges::any_of(source.prefixes, has) && std::ranges::none_of(source.except, has);
}

std::string who_is(const policy::Peer& peer, const IpAddress& client) {
  if (peer.kind == policy::Peer::Kind::kNode) return "node/" + peer.name;
  return peer.address == client ? client.to_string() : "the world";
}

std::vector<SeenAs> decisions(const Route& route, const Door& door, const IpAddress& client, const Deciding& traced) {
  std::vector<SeenAs> all;
  for (const policy::Peer& peer : route.seen_peers({.address = client})) {
    SeenAs seen{.who = who_is(peer, client)};
    auto decision = traced(route.subject(), peer, door.port.protocol, route.backend().port);
    if (decision)
      seen.decision = *std::move(decision);
    else
      seen.decision.why = decision.error().what;
    all.push_back(std::move(seen));
  }
  return all;
}

bool is_of(const BackendView& view, const std::string& entered, const Route& route) {
  const Backend& backend = route.backend();
  return view.ref == backend.ref && view.address == backend.address && view.port == backend.port &&
         entered == route.entry_node();
}

}  // namespace

std::optional<DoorExplanation> explain_door(const ServiceGround& ground, const Door& door, const IpAddress& client,
                                            const Deciding& traced) {
  const std::vector<DoorPassages> judged = passages_of(ground, {door});
  if (judged.empty()) return std::nullopt;
  const std::vector<Passage>& passages = judged.front().passages;
  const auto found =
      std::ranges::find_if(passages, [&](const Passage& passage) { return holds(*passage.source, client); });
  if (found == passages.end()) return std::nullopt;
  const Outcome& outcome = *found->outcome;
  DoorExplanation told{.endpoint = detail_of(ground.world, door),
                       .name = door.name(),
                       .kind = std::string(to_string(door.kind)),
                       .service_port = door.port_name(),
                       .protocol = door.port.protocol,
                       .port = door.entry_port,
                       .verdict = outcome.verdict,
                       .because = outcome.because,
                       .why = outcome.why,
                       .intended_by = outcome.intended_by,
                       .policies = outcome.policies,
                       .source_class = found->source->name};
  const std::vector<Backend> backends = backends_of(ground.world, door);
  const auto world = world_among(ground.lookups.public_classes());
  const std::vector<Route> routes = routes_to(ground, door, backends, world);
  for (std::size_t i = 0; i < outcome.backends.size(); ++i) {
    const BackendView& view = outcome.backends[i];
    const auto route = std::ranges::find_if(routes, [&](const Route& r) { return is_of(view, outcome.entered[i], r); });
    if (route == routes.end()) continue;
    told.backends.push_back({.name = route->backend().name(),
                             .entry_node = route->entry_node(),
                             .view = view,
                             .seen = decisions(*route, door, client, traced)});
  }
  return told;
}

}  // namespace sextant::audit
