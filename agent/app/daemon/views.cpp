#include "agent/app/daemon/views.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <set>

#include <unistd.h>

#include "agent/app/explain.h"
#include "agent/app/lint_view.h"
#include "agent/base/version.h"

namespace sextant::app {
namespace {

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::map<std::string, std::uint64_t> count_objects(const World& world) {
  std::map<std::string, std::uint64_t> objects{{"Namespace", world.namespaces().size()},
                                               {"Node", world.nodes().size()},
                                               {"Pod", world.pods().size()},
                                               {"Service", world.services().size()},
                                               {"EndpointSlice", world.slices().size()}};
  for (const auto& [key, policy] : world.policies()) ++objects[std::string(to_string(key.kind))];
  for (const auto& [key, entrance] : world.entrances()) ++objects[std::string(to_string(key.kind))];
  for (const auto& [key, other] : world.others()) ++objects[std::string(to_string(key.kind))];
  std::erase_if(objects, [](const auto& entry) { return entry.second == 0; });
  return objects;
}

using DoorNames = std::map<std::tuple<EndpointRef, Protocol, std::uint16_t>, report::DoorName>;

// What is sent to an address that services share is booked to one of them, whichever of them has the port.
void add_shared_addresses(const audit::Auditor& auditor, DoorNames& names) {
  std::map<IpAddress, std::set<EndpointRef>> owners;
  for (const audit::DoorPassages& one : auditor.doors()) {
    if (one.door.node.empty() && one.door.address) owners[*one.door.address].insert(one.door.owner);
  }
  for (const audit::DoorPassages& one : auditor.doors()) {
    const audit::Door& door = one.door;
    if (!door.node.empty() || !door.address) continue;
    const report::DoorName name = names.at({door.owner, door.port.protocol, door.entry_port});
    for (const EndpointRef& owner : owners.at(*door.address))
      names.try_emplace({owner, door.port.protocol, door.entry_port}, name);
  }
}

// The kernel books packets on a NodePort to the node, whose address it is.
DoorNames door_names(const audit::Auditor& auditor) {
  DoorNames names;
  for (const audit::DoorPassages& one : auditor.doors()) {
    const audit::Door& door = one.door;
    const EndpointRef at = door.node.empty() ? door.owner : EndpointRef{.kind = EndpointKind::kNode, .name = door.node};
    report::DoorName& name = names[{at, door.port.protocol, door.entry_port}];
    name.service = door.owner.ns + "/" + door.owner.name;
    if (!name.backends.empty() || one.passages.empty()) continue;
    for (const BackendView& backend : one.passages.front().outcome->backends) {
      const std::string to = backend.ref.name.empty() ? "?" : backend.ref.to_string();
      name.backends.push_back(to + " " + std::to_string(backend.port));
    }
  }
  add_shared_addresses(auditor, names);
  return names;
}

}  // namespace

report::StatusView Views::status() const {
  report::StatusView view{.node = config_.node,
                          .version = kVersion,
                          .cilium_release = parts_.cilium_release,
                          .started = parts_.started,
                          .not_ready = not_ready(),
                          .sources = parts_.sources,
                          .witnesses = witnesses(),
                          .features = parts_.datapath ? parts_.datapath->features() : parts_.features,
                          .blind_spots = parts_.blind_spots,
                          .policy_problems = parts_.engine->problems(),
                          .objects = count_objects(*parts_.world),
                          .resident_bytes = resident_bytes()};
  for (const auto& link : parts_.world->network().links)
    if (link.is_uplink) view.uplinks.push_back(link.name);
  if (!parts_.datapath) return view;
  for (const auto& use : parts_.datapath->map_use())
    view.maps.push_back({.map = use.map, .entries = use.entries, .capacity = use.capacity, .bytes = use.bytes});
  for (const auto& use : parts_.datapath->program_use())
    view.programs.push_back({.program = use.program,
                             .events = use.events,
                             .events_lost = use.events_lost,
                             .rows_lost = use.rows_lost,
                             .runs = use.runs,
                             .run_time = use.run_time});
  return view;
}

std::vector<WitnessStatus> Views::witnesses() const {
  WitnessStatus intended{.witness = Witness::kIntended,
                         .state = parts_.intent_known ? WitnessState::kSees : WitnessState::kStarting,
                         .covers = std::to_string(parts_.world->policies().size()) + " policies and groups",
                         .since = parts_.started};
  for (const auto& source : parts_.sources) {
    if (source.healthy) continue;
    intended.reason = source.name + ": " + source.detail;
    intended.since = source.since;
  }
  std::vector<WitnessStatus> all{intended,
                                 {.witness = Witness::kRealized,
                                  .state = WitnessState::kAbsent,
                                  .reason = "the datapath's state is not read in this version",
                                  .since = parts_.started}};
  if (parts_.datapath) {
    const auto kernel = parts_.datapath->statuses();
    all.insert(all.end(), kernel.begin(), kernel.end());
  } else {
    const auto state = config_.datapath.enabled ? WitnessState::kBlind : WitnessState::kAbsent;
    const auto reason = config_.datapath.enabled ? parts_.datapath_error : "datapath.enabled is false";
    for (const auto witness : {Witness::kListening, Witness::kUplink, Witness::kDelivery, Witness::kDeath})
      all.push_back({.witness = witness, .state = state, .reason = reason, .since = parts_.started});
  }
  all.push_back({.witness = Witness::kProbed,
                 .state = WitnessState::kAbsent,
                 .reason = "there is no canary in this version",
                 .since = parts_.started});
  return all;
}

std::vector<std::string> Views::not_ready() const {
  std::vector<std::string> reasons;
  if (!parts_.intent_known) reasons.emplace_back("the policies have not been read yet");
  for (const auto& witness : witnesses())
    if (witness.state == WitnessState::kStarting && witness.witness != Witness::kIntended)
      reasons.push_back("the witness '" + std::string(to_string(witness.witness)) + "' has not looked yet");
  return reasons;
}

std::vector<Finding> Views::findings() const { return parts_.auditor->findings(); }

Result<std::vector<Finding>> Views::findings_since(Time since) const { return parts_.store->load(since); }

std::vector<EndpointRow> Views::endpoints() const { return parts_.auditor->rows(); }

std::vector<Exposure> Views::exposure() const { return parts_.auditor->exposures(); }

Result<report::AttemptsView> Views::attempts() const {
  if (!parts_.datapath) return failure("no packets are seen: " + parts_.datapath_error);
  auto attempts = parts_.datapath->attempts();
  if (!attempts) return because("read attempts", attempts.error());
  auto sources = parts_.datapath->sources();
  if (!sources) return because("read sources", sources.error());
  return report::AttemptsView{
      .attempts = std::move(*attempts), .sources = std::move(*sources), .doors = door_names(*parts_.auditor)};
}

std::vector<UplinkCount> Views::uplink_counts() const {
  if (!parts_.datapath) return {};
  return parts_.datapath->uplink_counts().value_or(std::vector<UplinkCount>{});
}

Result<report::ExplainView> Views::explain(const report::ExplainRequest& request) const {
  const StaleIntent& intent = *parts_.intent;
  const audit::Lookups lookups = intent.lookups();
  const ExplainGround ground{
      .engine = *parts_.engine,
      .services = {.world = *parts_.world,
                   .lookups = lookups,
                   .forwarding = parts_.auditor->forwarding(),
                   .entry_nodes = {parts_.world->local_node()}},
      .decide = [&intent](const policy::Subject& to, const policy::Peer& from, Protocol protocol,
                          std::uint16_t port) { return intent.decide(to, from, protocol, port, true); },
      .cilium_release = parts_.cilium_release};
  return app::explain(ground, request);
}

void Views::lint(const report::LintRequest& request, std::function<void(Result<report::LintView>)> done) const {
  if (!parts_.intent_known) return done(failure("the policies have not been read yet", EAGAIN));
  // By the pods of a while ago a policy may seem to select nothing.
  const Staleness& stale = parts_.intent->staleness();
  if (!(stale == Staleness{})) return done(failure(stale.all.empty() ? stale.peers : stale.all, EAGAIN));
  policy::Release release = parts_.engine->options().release;
  if (!request.cilium.empty()) {
    const auto choice = policy::release_from(request.cilium);
    if (!choice) return done(because("cilium", choice.error()));
    release = choice->release;
  }
  parts_.lint->ask(release, [least = request.least, done = std::move(done)](Result<report::LintView> view) {
    done(view ? at_least(*std::move(view), least) : std::move(view));
  });
}

std::string Views::workload_of(const EndpointRef& endpoint) const {
  if (endpoint.kind == EndpointKind::kService) return "Service/" + endpoint.name;
  const Pod* pod = endpoint.kind == EndpointKind::kPod ? parts_.world->pod(endpoint.ns, endpoint.name) : nullptr;
  return pod ? pod->workload : "";
}

}  // namespace sextant::app
