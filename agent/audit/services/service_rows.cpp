#include "agent/audit/services/service_rows.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "agent/audit/source_set.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// Classes that fare alike at a door.
struct Group {
  std::shared_ptr<const Outcome> outcome{};  // of the first of them
  std::vector<std::shared_ptr<const SourceClass>> classes{};
  std::vector<PolicyRef> policies{};
};

EndpointRef first_backend(const Outcome& outcome) {
  return outcome.backends.empty() ? EndpointRef() : outcome.backends.front().ref;
}

std::vector<Group> groups_of(const std::vector<Passage>& passages) {
  using Fate = std::tuple<Verdict, Because, std::string, EndpointRef>;
  std::vector<Group> groups;
  std::map<Fate, std::size_t> by_fate;
  for (const Passage& passage : passages) {
    const Outcome& outcome = *passage.outcome;
    const auto [known, is_new] = by_fate.try_emplace(
        Fate{outcome.verdict, outcome.because, outcome.intended_by, first_backend(outcome)}, groups.size());
    if (is_new) groups.push_back({.outcome = passage.outcome});
    Group& group = groups[known->second];
    group.classes.push_back(passage.source);
    for (const PolicyRef& policy : outcome.policies) {
      if (std::ranges::find(group.policies, policy) == group.policies.end()) group.policies.push_back(policy);
    }
  }
  return groups;
}

std::string sentence(const Door& door, const Outcome& outcome) {
  std::string text = "by " + door.name() + ": " + outcome.why;
  if (!outcome.intended_by.empty()) text += " (meant: " + outcome.intended_by + ")";
  return text;
}

// One class that stands for all of a group.
std::shared_ptr<const SourceClass> united(const Group& group) {
  if (group.classes.size() == 1) return group.classes.front();
  SourceSet set = union_of(group.classes);
  SourceClass all = *group.classes.front();
  for (const auto& source : group.classes) {
    if (texts::class_name(*source) == "world") all = *source;
  }
  all.prefixes = std::move(set.prefixes);
  all.except = std::move(set.except);
  return std::make_shared<const SourceClass>(std::move(all));
}

}  // namespace

EndpointDetail detail_of(const World& world, const Door& door) {
  EndpointDetail detail{.ref = door.owner, .address = door.address};
  if (door.owner.kind == EndpointKind::kService) {
    detail.workload = "Service/" + door.owner.name;
  } else if (const Pod* pod = world.pod(door.owner.ns, door.owner.name)) {
    detail.workload = pod->workload;
  }
  return detail;
}

std::vector<Exposure> exposures_of(const World& world, const DoorPassages& door) {
  std::vector<Exposure> exposures;
  for (Group& group : groups_of(door.passages)) {
    const Outcome& outcome = *group.outcome;
    if (outcome.verdict == Verdict::kDeny) continue;
    SourceSet set = union_of(group.classes);
    exposures.push_back({.endpoint = detail_of(world, door.door),
                         .protocol = door.door.port.protocol,
                         .first_port = door.door.entry_port,
                         .last_port = door.door.entry_port,
                         .verdict = outcome.verdict,
                         .because = outcome.because,
                         .prefixes = std::move(set.prefixes),
                         .except = std::move(set.except),
                         .world = set.world,
                         .reason = sentence(door.door, outcome),
                         .policies = std::move(group.policies),
                         .door = DoorView{.kind = std::string(to_string(door.door.kind)),
                                          .service_port = door.door.port_name(),
                                          .backends = outcome.backends,
                                          .intended_by = outcome.intended_by}});
  }
  return exposures;
}

std::vector<EndpointRow> rows_of(const World& world, const DoorPassages& door) {
  std::vector<EndpointRow> rows;
  for (const Group& group : groups_of(door.passages)) {
    const Outcome& outcome = *group.outcome;
    rows.push_back({.endpoint = detail_of(world, door.door),
                    .protocol = door.door.port.protocol,
                    .port = door.door.entry_port,
                    .end_port = door.door.entry_port,
                    .source = united(group),
                    .intended = IntendedView{.verdict = outcome.verdict,
                                             .because = outcome.because,
                                             .why = sentence(door.door, outcome),
                                             .policies = group.policies}});
  }
  return rows;
}

}  // namespace sextant::audit
