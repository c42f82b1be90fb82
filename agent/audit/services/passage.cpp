#include "agent/audit/services/passage.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "agent/audit/services/declared.h"
#include "agent/audit/services/route.h"
#include "agent/audit/services/source_ranges.h"

namespace sextant::audit {
namespace {

using Source = Route::Source;

// How open one route is, for the order in which people want to know: what nobody meant comes first.
int openness(Verdict verdict, bool is_named) {
  if (reachable(verdict)) return is_named ? 2 : 3;
  return verdict == Verdict::kUnknown ? 1 : 0;
}

class Judge {
 public:
  Judge(const ServiceGround& ground, const std::vector<Source>& classes)
      : ground_(ground), classes_(classes), world_(world_among(classes)) {}

  DoorPassages judge(const Door& door) {
    const std::vector<Backend> backends = backends_of(ground_.world, door);
    routes_ = routes_to(ground_, door, backends, world_);
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
      outcome.entered.push_back(heard.route->entry_node());
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
  const Source world_;
  // Of the door that is judged.
  const Door* door_ = nullptr;
  std::vector<Route> routes_{};
  std::string declared_{};
  SourceRanges ranges_{};
  Outcomes inside_{}, outside_{};
};

}  // namespace

std::vector<DoorPassages> passages_of(const ServiceGround& ground) {
  return passages_of(ground,
                     public_doors(ground.world, ground.forwarding, ground.entry_nodes, ground.expect_addresses));
}

std::vector<DoorPassages> passages_of(const ServiceGround& ground, const std::vector<Door>& doors) {
  std::vector<DoorPassages> all;
  if (doors.empty() || !ground.lookups.public_classes) return all;
  std::vector<Source> classes = ground.lookups.public_classes();
  std::ranges::sort(classes, {}, [](const Source& source) { return source->name; });
  Judge judge(ground, classes);
  for (const Door& door : doors) all.push_back(judge.judge(door));
  return all;
}

}  // namespace sextant::audit
