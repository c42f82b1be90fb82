#include "agent/app/daemon/stale_intent.h"

#include <utility>
#include <vector>

namespace sextant::app {
namespace {

bool is_pod_class(const SourceClass& source) { return source.name.starts_with("pod:"); }

std::vector<IntentCell> unknown_cells(const SharedCells& cells, const std::string& why) {
  std::vector<IntentCell> unknown(cells.begin(), cells.end());
  for (IntentCell& cell : unknown) {
    cell.verdict = Verdict::kUnknown;
    cell.because = Because::kUnknown;
    cell.why = why;
  }
  return unknown;
}

PortMap unknown_ports() { return {{.protocol = Protocol::kAny}}; }

}  // namespace

bool StaleIntent::set(Staleness staleness) {
  if (staleness == staleness_) return false;
  staleness_ = std::move(staleness);
  made_.clear();
  return true;
}

const std::string& StaleIntent::why(const SourceClass& source) const {
  return staleness_.all.empty() && is_pod_class(source) ? staleness_.peers : staleness_.all;
}

IntentRows StaleIntent::rows_now(const IntentRows& rows) const {
  if (rows.empty()) return rows;
  std::vector<SharedCells> cells(rows.cells().begin(), rows.cells().end());
  std::vector<std::uint32_t> cells_of = rows.cells_of();
  std::map<std::uint32_t, std::uint32_t> unknown;  // rows share their cells, and go on sharing them
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& cause = why(*(*rows.classes())[i]);
    if (cause.empty()) continue;
    const auto [number, is_new] = unknown.try_emplace(cells_of[i], static_cast<std::uint32_t>(cells.size()));
    if (is_new) cells.emplace_back(unknown_cells(cells[cells_of[i]], cause));
    cells_of[i] = number->second;
  }
  return {rows.classes(), std::move(cells), std::move(cells_of)};
}

std::shared_ptr<const EndpointIntent> StaleIntent::intent(const EndpointRef& endpoint) const {
  auto intent = engine_.intent(endpoint);
  if (!intent || staleness_ == Staleness{}) return intent;
  Made& made = made_[endpoint];
  if (made.from == intent) return made.made;
  auto changed = std::make_shared<EndpointIntent>(*intent);
  changed->rows = rows_now(intent->rows);
  made = {.from = std::move(intent), .made = std::move(changed)};
  return made.made;
}

KernelIntent StaleIntent::compile() const {
  KernelIntent kernel = engine_.compile();
  if (staleness_ == Staleness{}) return kernel;
  const auto unknown = static_cast<std::uint32_t>(kernel.port_maps.size());
  kernel.port_maps.push_back(unknown_ports());
  for (KernelPolicy& policy : kernel.policies) {
    if (!staleness_.all.empty()) policy = {.default_port_map = unknown};
    for (const auto& source : kernel.classes) {
      if (staleness_.all.empty() && is_pod_class(*source)) policy.port_map_of_class.set(source->id, unknown);
    }
  }
  return kernel;
}

Result<Decision> StaleIntent::decide(const policy::Subject& to, const policy::Peer& from, Protocol protocol,
                                     std::uint16_t port, bool trace) const {
  auto decision = engine_.decide(to, from, protocol, port, trace);
  const bool from_pod = from.kind == policy::Peer::Kind::kPod;
  const std::string& cause = staleness_.all.empty() && from_pod ? staleness_.peers : staleness_.all;
  if (!decision || cause.empty()) return decision;
  decision->why = cause + "; by what was known last: " + decision->why;
  decision->verdict = Verdict::kUnknown;
  decision->because = Because::kUnknown;
  return decision;
}

audit::Lookups StaleIntent::lookups() const {
  audit::Lookups lookups = audit::lookups_of(engine_);
  lookups.intent = [this](const EndpointRef& endpoint) { return intent(endpoint); };
  lookups.decide = [this](const policy::Subject& to, const policy::Peer& from, Protocol protocol, std::uint16_t port) {
    return decide(to, from, protocol, port, false);
  };
  return lookups;
}

}  // namespace sextant::app
