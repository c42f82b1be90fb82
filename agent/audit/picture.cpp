#include "agent/audit/picture.h"

#include <algorithm>

namespace sextant::audit {

bool is_endpoint(const World& world, const Pod& pod) {
  return world.is_local(pod) && !pod.host_network && !pod.finished && !pod.addresses.empty();
}

std::optional<IpAddress> public_address(const std::vector<IpAddress>& addresses) {
  const auto found = std::ranges::find_if(addresses, &IpAddress::is_global_unicast);
  if (found == addresses.end()) return std::nullopt;
  return *found;
}

Picture::Picture(const World& world, Lookups lookups, Config config)
    : world_(world), lookups_(std::move(lookups)), config_(std::move(config)) {}

EndpointRef Picture::node() const { return {.kind = EndpointKind::kNode, .name = world_.local_node()}; }

std::vector<EndpointRef> Picture::local_endpoints() const {
  std::vector<EndpointRef> endpoints{node()};
  for (const auto& [key, pod] : world_.pods()) {
    if (is_endpoint(world_, pod)) endpoints.push_back({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name});
  }
  return endpoints;
}

void Picture::look_at_intent(Time now) {
  Intents latest;
  for (EndpointRef& endpoint : local_endpoints()) {
    auto intent = lookups_.intent(endpoint);
    if (!intent) continue;
    const auto before = intents_.find(endpoint);
    if (before != intents_.end() && before->second != intent) changes_.note(*before->second, *intent, now);
    latest.emplace(std::move(endpoint), std::move(intent));
  }
  for (const auto& [endpoint, intent] : intents_) {
    if (!latest.contains(endpoint)) changes_.forget(endpoint);
  }
  intents_ = std::move(latest);
  intent_known_ = true;
  holes_.clear();
  doors_ = passages_of(
      {.world = world_, .lookups = lookups_, .forwarding = forwarding, .entry_nodes = {world_.local_node()}});
  holes_ = holes_of(doors_);
}

const EndpointIntent* Picture::intent(const EndpointRef& endpoint) const {
  const auto found = intents_.find(endpoint);
  return found == intents_.end() ? nullptr : found->second.get();
}

EndpointDetail Picture::detail(const EndpointRef& endpoint) const {
  EndpointDetail detail{.ref = endpoint};
  const auto first = [](const std::vector<IpAddress>& addresses) {
    auto address = public_address(addresses);
    if (!address && !addresses.empty()) address = addresses.front();
    return address;
  };
  if (endpoint.kind == EndpointKind::kNode) {
    detail.address = first(world_.local_addresses());
  } else if (const Pod* pod = world_.pod(endpoint.ns, endpoint.name)) {
    detail.workload = pod->workload;
    detail.address = first(pod->addresses);
  }
  return detail;
}

std::optional<JudgedRow> Picture::judge(const RowObservation& row) const {
  const EndpointIntent* endpoint = intent(row.key.endpoint);
  JudgedRow judged{.observed_class = lookups_.source_class(row.key.source)};
  if (endpoint == nullptr || !judged.observed_class) return std::nullopt;
  judged.row = endpoint->row(row.key.source);
  if (!judged.row) {  // the classes were cut anew since
    const auto now_in = lookups_.classify(row.sample);
    if (now_in) judged.row = endpoint->row(now_in->id);
  }
  if (judged.row) judged.cell = &judged.row->cell(row.key.protocol, row.key.port);
  return judged;
}

bool Picture::before_settled(const RowObservation& row, const JudgedRow& judged, Time packet) const {
  if (!judged.row) return false;
  const auto changed = changes_.last_change(row.key.endpoint, judged.row->source->name, row.key.protocol, row.key.port);
  return changed && packet < *changed + config_.settle;
}

const PortViews* Picture::listening_of(const EndpointRef& endpoint) const {
  if (!listening.known()) return nullptr;
  if (endpoint.kind == EndpointKind::kNode) return &listening.of_node();
  const Pod* pod = world_.pod(endpoint.ns, endpoint.name);
  if (pod == nullptr || pod->uid.empty()) return nullptr;
  return &listening.of_pod(pod->uid);
}

std::optional<ListeningView> Picture::listening_at(const EndpointRef& endpoint, Protocol protocol,
                                                   std::uint16_t port) const {
  if (!has_ports(protocol)) return std::nullopt;
  const PortViews* views = listening_of(endpoint);
  if (views == nullptr) return std::nullopt;
  const auto view = views->find({protocol, port});
  return view == views->end() ? ListeningView{.verdict = Verdict::kDeny} : view->second;
}

}  // namespace sextant::audit
