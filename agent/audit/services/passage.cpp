#include "agent/audit/services/passage.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "agent/audit/services/declared.h"
#include "agent/audit/services/seen_source.h"
#include "agent/audit/services/source_ranges.h"
#include "agent/audit/intent_changes.h"
#include "agent/audit/texts.h"
#include "agent/policy/engine.h"

namespace sextant::audit {
namespace {

using Source = std::shared_ptr<const SourceClass>;

// What a backend's policies say of one source that they may see.
struct Hearing {
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  std::string why{};
  SharedPolicies policies{};
};

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

policy::Subject subject_of(const Backend& backend, const std::string& entry_node) {
  using Kind = policy::Subject::Kind;
  switch (backend.kind) {
    case Backend::Kind::kHost:
      return {.kind = Kind::kNode, .name = backend.ref.name};
    case Backend::Kind::kWorkload:
      return {.kind = Kind::kWorkload, .ns = backend.workload.ns, .name = backend.workload.name};
    case Backend::Kind::kProxy:
      return {.kind = Kind::kIngress, .node = entry_node};
    case Backend::Kind::kPod:
    case Backend::Kind::kUnknown:
      break;
  }
  return {.kind = Kind::kPod, .ns = backend.ref.ns, .name = backend.ref.name};
}

// One backend as it is reached from one entry node.
class Route {
 public:
  Route(const ServiceGround& ground, const Door& door, const Backend& backend, std::string entry_node, SeenSource seen,
        std::shared_ptr<const EndpointIntent> intent, const Source& world)
      : ground_(ground),
        backend_(backend),
        entry_node_(std::move(entry_node)),
        seen_(seen),
        intent_(std::move(intent)),
        protocol_(door.port.protocol) {
    if (backend_.kind == Backend::Kind::kUnknown) return;
    if (seen_.of_node) translated_.push_back(as_node());
    if (seen_.of_tunnel)
      translated_.push_back(world == nullptr ? unknown("which policies name the world cannot be told") : kept(world));
  }

  const Backend& backend() const { return backend_; }
  const SeenSource& seen() const { return seen_; }

  // The same for classes that the backend treats alike: what tells them apart.
  const void* likeness(const Source& source) const {
    if (backend_.kind == Backend::Kind::kProxy) return source.get();
    const std::optional<IntentRow> row = row_of(source);
    return row ? row->cells.identity() : nullptr;
  }

  // A rule names the source itself, whatever source the backend comes to see.
  std::optional<PolicyRef> names(const Source& source) const {
    if (backend_.kind == Backend::Kind::kUnknown) return std::nullopt;
    const Hearing own = kept(source);
    if (!reachable(own.verdict) || own.because != Because::kRule || own.policies.empty()) return std::nullopt;
    return own.policies.front();
  }

  Hearing hear(const Source& source) const {
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

 private:
  std::optional<IntentRow> row_of(const Source& source) const {
    if (intent_ == nullptr) return std::nullopt;
    if (const auto own = intent_->row(source->id)) return *own;
    if (const auto held = row_holding(*intent_, source->sample)) return *held;
    return std::nullopt;
  }

  Hearing kept(const Source& source) const {
    if (backend_.kind == Backend::Kind::kProxy) return decide({.address = source->sample});
    const std::optional<IntentRow> row = row_of(source);
    if (!row) return unknown("the policies of " + backend_.name() + " are not known");
    return heard(row->cell(protocol_, backend_.port));
  }

  Hearing as_node() const {
    if (entry_node_.empty()) return unknown("it is not known at which node packets enter");
    return decide({.kind = policy::Peer::Kind::kNode, .name = entry_node_});
  }

  Hearing decide(const policy::Peer& peer) const {
    if (!ground_.lookups.decide) return unknown("nobody can be asked");
    return heard(ground_.lookups.decide(subject_of(backend_, entry_node_), peer, protocol_, backend_.port));
  }

  const ServiceGround& ground_;
  const Backend& backend_;
  const std::string entry_node_;
  const SeenSource seen_;
  const std::shared_ptr<const EndpointIntent> intent_;
  const Protocol protocol_;
  std::vector<Hearing> translated_{};
};

// How open one route is, for the order in which people want to know: what nobody meant comes first.
int openness(Verdict verdict, bool is_named) {
  if (reachable(verdict)) return is_named ? 2 : 3;
  return verdict == Verdict::kUnknown ? 1 : 0;
}

class Judge {
 public:
  Judge(const ServiceGround& ground, const std::vector<Source>& classes) : ground_(ground), classes_(classes) {
    const auto world = std::ranges::find_if(classes, [](const Source& s) { return texts::class_name(*s) == "world"; });
    if (world != classes.end()) world_ = *world;
  }

  DoorPassages judge(const Door& door) {
    const std::vector<Backend> backends = backends_of(ground_.world, door);
    routes_.clear();
    add_routes(door, backends);
    declared_ = declared_by(ground_.world, door, backends);
    ranges_ = source_ranges_of(door, ground_.forwarding);
    door_ = &door;
    inside_.clear();
    outside_.clear();
    DoorPassages result{.door = door, .remark = declaration_of(door).problem};
    result.door.service = nullptr;
    result.door.pod = nullptr;
    const bool cut = door.service != nullptr && !door.service->source_ranges.empty();
    for (const Source& source : classes_) {
      const auto [inside, outside] = cut ? split(source, ranges_.prefixes) : std::pair(source, Source());
      if (inside) result.passages.push_back({inside, outcome(source, true)});
      if (outside) result.passages.push_back({outside, outcome(source, false)});
    }
    return result;
  }

 private:
  using Outcomes = std::map<std::vector<const void*>, std::shared_ptr<const Outcome>>;

  void add_routes(const Door& door, const std::vector<Backend>& backends) {
    std::vector<std::string> entries = ground_.entry_nodes;
    if (!door.node.empty()) entries = {door.node};
    if (entries.empty()) entries.emplace_back();
    for (const Backend& backend : backends) {
      const auto intent = intent_of(backend);
      for (const std::string& entry : entries) {
        const auto seen = seen_source(door, backend, entry, ground_.forwarding);
        if (seen) routes_.emplace_back(ground_, door, backend, entry, *seen, intent, world_);
      }
    }
  }

  std::shared_ptr<const EndpointIntent> intent_of(const Backend& backend) const {
    switch (backend.kind) {
      case Backend::Kind::kPod:
      case Backend::Kind::kHost:
        return ground_.lookups.intent(backend.ref);
      case Backend::Kind::kWorkload:
        return ground_.lookups.workload_intent ? ground_.lookups.workload_intent(backend.workload) : nullptr;
      case Backend::Kind::kProxy:
      case Backend::Kind::kUnknown:
        break;
    }
    return nullptr;
  }

  std::shared_ptr<const Outcome> outcome(const Source& source, bool inside) {
    std::vector<const void*> likeness;
    likeness.reserve(routes_.size());
    for (const Route& route : routes_) likeness.push_back(route.likeness(source));
    auto& known = (inside ? inside_ : outside_)[std::move(likeness)];
    if (!known) known = std::make_shared<const Outcome>(make(source, inside));
    return known;
  }

  Outcome make(const Source& source, bool inside) const {
    const Passes passes = inside ? ranges_.inside : ranges_.outside;
    if (passes == Passes::kNo) return refused("the service's loadBalancerSourceRanges do not let it in");
    if (routes_.empty()) return refused("no backend is ready here");
    Outcome outcome = most_open(source);
    if (!declared_.empty()) outcome.intended_by = declared_;
    if (outcome.intended_by.empty() && inside && ranges_.is_intent()) outcome.intended_by = "loadBalancerSourceRanges";
    if (!reachable(outcome.verdict)) return outcome;
    if (passes == Passes::kPerhaps)
      return doubted(std::move(outcome), "whether the service's loadBalancerSourceRanges hold here cannot be told");
    return door_->doubt.empty() ? outcome : doubted(std::move(outcome), door_->doubt);
  }

  Outcome refused(std::string why) const {
    return {.verdict = Verdict::kDeny, .because = Because::kDefaultDeny, .why = std::move(why)};
  }

  static Outcome doubted(Outcome outcome, const std::string& doubt) {
    outcome.why = doubt + "; if so: " + outcome.why;
    outcome.verdict = Verdict::kUnknown;
    outcome.because = Because::kUnknown;
    return outcome;
  }

  Outcome most_open(const Source& source) const {
    struct Heard {
      const Route* route;
      Hearing hearing;
      std::optional<PolicyRef> named;
    };
    std::vector<Heard> all;
    for (const Route& route : routes_) all.push_back({&route, route.hear(source), route.names(source)});
    std::ranges::stable_sort(all, std::ranges::greater(),
                             [](const Heard& h) { return openness(h.hearing.verdict, h.named.has_value()); });
    const Heard& first = all.front();
    Outcome outcome{.verdict = first.hearing.verdict,
                    .because = first.hearing.because,
                    .why = "to " + first.route->backend().name() + " with the source " +
                           std::string(first.route->seen().text()) + ": " + first.hearing.why,
                    .policies = first.hearing.policies};
    if (first.named && reachable(first.hearing.verdict)) outcome.intended_by = first.named->to_string();
    for (const Heard& heard : all) {
      const Backend& backend = heard.route->backend();
      outcome.backends.push_back({.ref = backend.ref,
                                  .address = backend.address,
                                  .port = backend.port,
                                  .verdict = heard.hearing.verdict,
                                  .source = std::string(heard.route->seen().text()),
                                  .why = heard.hearing.why});
    }
    return outcome;
  }

  const ServiceGround& ground_;
  const std::vector<Source>& classes_;
  Source world_{};
  // Of the door that is judged.
  const Door* door_ = nullptr;
  std::vector<Route> routes_{};
  std::string declared_{};
  SourceRanges ranges_{};
  Outcomes inside_{}, outside_{};
};

}  // namespace

std::vector<DoorPassages> passages_of(const ServiceGround& ground) {
  std::vector<DoorPassages> all;
  const auto doors = public_doors(ground.world, ground.forwarding, ground.entry_nodes, ground.expect_addresses);
  if (doors.empty() || !ground.lookups.public_classes) return all;
  std::vector<Source> classes = ground.lookups.public_classes();
  std::ranges::sort(classes, {}, [](const Source& source) { return source->name; });
  Judge judge(ground, classes);
  for (const Door& door : doors) all.push_back(judge.judge(door));
  return all;
}

}  // namespace sextant::audit
