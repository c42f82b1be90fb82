#include "agent/app/explain.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "agent/app/names.h"

namespace sextant::app {
namespace {

using audit::Door;

bool has(const std::vector<IpAddress>& addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

std::string asked_port(const report::ExplainRequest& request) {
  return std::to_string(request.port) + "/" + sextant::to_string(request.protocol);
}

// Whether the door takes what is sent to the destination. A service's own name stands for all of its doors.
class Takes {
 public:
  Takes(const Door& door, const report::ExplainRequest& request) : door_(door), request_(request) {}

  bool operator()(const IpAddress& address) const { return door_.address == address && at_entry(); }
  bool operator()(const EndpointRef& service) const {
    return door_.owner == service && of_protocol() && (at_entry() || door_.port.port == request_.port);
  }
  bool operator()(const policy::Subject& subject) const {
    return subject.kind == policy::Subject::Kind::kNode && door_.node == subject.name && at_entry();
  }

 private:
  bool of_protocol() const { return door_.port.protocol == request_.protocol; }
  bool at_entry() const { return of_protocol() && door_.entry_port == request_.port; }

  const Door& door_;
  const report::ExplainRequest& request_;
};

std::vector<Door> doors_for(const audit::ServiceGround& ground, const Destination& to,
                            const report::ExplainRequest& request) {
  std::vector<Door> doors =
      audit::public_doors(ground.world, ground.forwarding, ground.entry_nodes, ground.expect_addresses);
  std::erase_if(doors, [&](const Door& door) { return !std::visit(Takes(door, request), to); });
  return doors;
}

bool holds(const Service& service, const IpAddress& address) {
  return has(service.cluster_ips, address) || has(service.load_balancer_ips, address) ||
         has(service.external_ips, address);
}

// Where no door takes it.
Failure nowhere(const World& world, const Destination& to, const report::ExplainRequest& request) {
  for (const auto& [key, service] : world.services()) {
    const auto* address = std::get_if<IpAddress>(&to);
    const auto* ref = std::get_if<EndpointRef>(&to);
    const bool meant = address != nullptr ? holds(service, *address)
                                          : ref != nullptr && ref->ns == service.ns && ref->name == service.name;
    if (!meant) continue;
    return failure("no public address of service " + service.ns + "/" + service.name + " takes " + asked_port(request) +
                   " here; `sextant exposure -o wide` shows those that take something");
  }
  return failure(request.to + ": no pod, node or service that is known here has this name or address");
}

// The endpoint that is asked for; std::nullopt: none is known.
std::optional<policy::Subject> subject_at(const World& world, const Destination& to) {
  if (const auto* subject = std::get_if<policy::Subject>(&to)) return *subject;
  const auto* address = std::get_if<IpAddress>(&to);
  if (address == nullptr) return std::nullopt;
  const std::string node = audit::node_with(world, *address);
  if (!node.empty()) return policy::Subject{.kind = policy::Subject::Kind::kNode, .name = node};
  for (const auto& [key, pod] : world.pods()) {
    if (!pod.finished && !pod.host_network && has(pod.addresses, *address))
      return policy::Subject{.ns = pod.ns, .name = pod.name};
  }
  return std::nullopt;
}

int openness(const DoorExplanation& door) {
  if (reachable(door.verdict)) return door.intended_by.empty() ? 3 : 2;
  return door.verdict == Verdict::kUnknown ? 1 : 0;
}

Failure no_client(const report::ExplainRequest& request, const Door& door) {
  return failure("from " + request.from + ": " + door.owner.to_string() + " takes " + asked_port(request) +
                 ", and services are judged for clients of the internet; ask for a backend of it instead");
}

Result<report::ExplainView> explain_doors(const ExplainGround& ground, const report::ExplainRequest& request,
                                          const policy::Peer& from, const std::vector<Door>& doors) {
  report::ExplainView view{.request = request, .cilium_release = ground.cilium_release};
  if (from.kind != policy::Peer::Kind::kAddress) return no_client(request, doors.front());
  for (const Door& door : doors) {
    auto told = audit::explain_door(ground.services, door, from.address, ground.decide);
    if (!told) return no_client(request, door);
    view.doors.push_back(*std::move(told));
  }
  std::ranges::stable_sort(view.doors, std::ranges::greater(), openness);
  const DoorExplanation& first = view.doors.front();
  view.decision = {.verdict = first.verdict, .because = first.because, .why = first.why, .policies = first.policies};
  view.source_class = first.source_class;
  return view;
}

}  // namespace

Result<report::ExplainView> explain(const ExplainGround& ground, const report::ExplainRequest& request) {
  const auto to = destination_from(request.to);
  if (!to) return Failure(to.error());
  const auto from = peer_from(request.from);
  if (!from) return Failure(from.error());
  const World& world = ground.services.world;
  const std::vector<Door> doors = doors_for(ground.services, *to, request);
  if (!doors.empty()) return explain_doors(ground, request, *from, doors);
  const auto subject = subject_at(world, *to);
  if (!subject) return nowhere(world, *to, request);
  auto decision = ground.decide(*subject, *from, request.protocol, request.port);
  if (!decision) return Failure(decision.error());
  report::ExplainView view{
      .request = request, .decision = *std::move(decision), .cilium_release = ground.cilium_release};
  if (from->kind == policy::Peer::Kind::kAddress) view.source_class = ground.engine.classify(from->address)->name;
  return view;
}

}  // namespace sextant::app
