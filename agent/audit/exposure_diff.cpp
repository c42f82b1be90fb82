#include "agent/audit/exposure_diff.h"

#include <algorithm>
#include <map>

#include "agent/audit/auditor.h"
#include "agent/audit/difference.h"
#include "agent/audit/picture.h"
#include "agent/audit/source_set.h"
#include "agent/policy/release.h"

namespace sextant::audit {
namespace {

using Kind = ExposureChange::Kind;

// Whether a pod without an address will get a public one: yes, unless the nodes' pod prefixes are all others.
bool new_pods_are_public(const World& world) {
  bool known = false;
  for (const auto& [name, node] : world.nodes()) {
    known = known || !node.pod_prefixes.empty();
    if (std::ranges::any_of(node.pod_prefixes, [](const Prefix& p) { return kGlobalUnicast.contains(p); })) return true;
  }
  return !known;
}

// Whether there are pods of this template: then they speak for it.
bool has_pods(const World& world, const Pod& of_template) {
  return std::ranges::any_of(world.pods(), [&](const auto& entry) {
    return entry.second.ns == of_template.ns && entry.second.workload == of_template.workload;
  });
}

SourceDetail detail_of(const std::vector<std::shared_ptr<const SourceClass>>& sources) {
  const SourceSet set = union_of(sources);
  return {.source_class = set.world ? "world" : "public",
          .prefixes = set.prefixes,
          .except = set.except,
          .sample = sources.front()->sample};
}

Kind kind_of(Verdict before, Verdict after) {
  if (!reachable(before) && reachable(after)) return Kind::kOpened;
  if (reachable(before) && !reachable(after)) return Kind::kClosed;
  return Kind::kChanged;
}

std::vector<ExposureChange> changes_of(const EndpointDetail& endpoint, std::vector<VerdictChange> found) {
  std::vector<ExposureChange> changes;
  for (VerdictChange& change : found) {
    std::erase_if(change.sources, [](const auto& source) { return !source->is_public; });
    if (change.sources.empty()) continue;
    const bool decided = !change.after.policies.empty();
    changes.push_back(
        {.kind = kind_of(change.before.verdict, change.after.verdict),
         .endpoint = endpoint,
         .protocol = change.protocol,
         .first_port = change.first_port,
         .last_port = change.last_port,
         .before = change.before.verdict,
         .after = change.after.verdict,
         .source = detail_of(change.sources),
         .why = change.after.why.empty() ? std::string(to_string(change.after.because)) : change.after.why,
         .policies = decided ? change.after.policies : change.before.policies});
  }
  return changes;
}

// An endpoint that only one side has.
std::vector<ExposureChange> whole(const EndpointIntent& intent, const EndpointDetail& endpoint, bool is_new) {
  std::vector<ExposureChange> changes;
  for (const Exposure& exposure : exposures_of(intent, endpoint)) {
    ExposureChange change{.kind = is_new ? Kind::kOpened : Kind::kClosed,
                          .endpoint = endpoint,
                          .protocol = exposure.protocol,
                          .first_port = exposure.first_port,
                          .last_port = exposure.last_port,
                          .source = {.source_class = exposure.world ? "world" : "public",
                                     .prefixes = exposure.prefixes,
                                     .except = exposure.except},
                          .why = std::string(is_new ? "a new endpoint: " : "the endpoint is gone: ") + exposure.reason,
                          .policies = exposure.policies};
    (is_new ? change.after : change.before) = exposure.verdict;
    changes.push_back(std::move(change));
  }
  return changes;
}

using Endpoints = std::map<EndpointRef, PublicEndpoint>;
Endpoints by_name(const World& world) {
  Endpoints endpoints;
  for (PublicEndpoint& endpoint : public_endpoints(world)) endpoints[endpoint.detail.ref] = std::move(endpoint);
  return endpoints;
}

void append(std::vector<ExposureChange>& to, std::vector<ExposureChange> from) {
  std::ranges::move(from, std::back_inserter(to));
}

// Finds the trait that makes a change: what the old release with the new one's trait, or the new one with the old
// one's, decides of it.
class Causes {
 public:
  Causes(const World& world, const policy::Options& from, const policy::Options& to)
      : world_(world), from_(from), to_(to) {
    for (const policy::Difference& difference : policy::differences()) {
      const bool differs = has(from.release, difference.trait) != has(to.release, difference.trait);
      if (differs) candidates_.push_back({&difference, nullptr, nullptr});
    }
  }

  std::string cause_of(const ExposureChange& change, const PublicEndpoint& endpoint) {
    for (Candidate& candidate : candidates_) {
      if (verdict(candidate.old_with, from_, candidate, change, endpoint) == change.after)
        return text(*candidate.difference);
    }
    for (Candidate& candidate : candidates_) {
      if (verdict(candidate.new_without, to_, candidate, change, endpoint) == change.before)
        return text(*candidate.difference);
    }
    return {};
  }

 private:
  struct Candidate {
    const policy::Difference* difference;
    std::unique_ptr<policy::Engine> old_with;
    std::unique_ptr<policy::Engine> new_without;
  };

  std::optional<Verdict> verdict(std::unique_ptr<policy::Engine>& engine, const policy::Options& base,
                                 const Candidate& candidate, const ExposureChange& change,
                                 const PublicEndpoint& endpoint) const {
    if (engine == nullptr) {
      policy::Options options = base;
      options.release = changed(base.release, candidate.difference->trait);
      engine = std::make_unique<policy::Engine>(world_, std::move(options));
    }
    const auto intent = intent_of(*engine, endpoint);
    if (intent == nullptr) return std::nullopt;
    const std::optional<IntentRow> row = intent->row(engine->classify(*change.source.sample)->id);
    if (!row) return std::nullopt;
    return row->cell(change.protocol, change.first_port).verdict;
  }

  std::string text(const policy::Difference& difference) const {
    const bool holds = has(to_.release, difference.trait);
    const std::string release(policy::to_string(to_.release));
    return (holds ? "since " : "no more in ") + release + ": " + std::string(difference.what) + " (" +
           std::string(difference.source) + ")";
  }

  const World& world_;
  const policy::Options& from_;
  const policy::Options& to_;
  std::vector<Candidate> candidates_{};
};

}  // namespace

std::string_view to_string(Kind kind) {
  return kind == Kind::kOpened ? "opened" : kind == Kind::kClosed ? "closed" : "changed";
}

std::vector<PublicEndpoint> public_endpoints(const World& world) {
  std::vector<PublicEndpoint> endpoints;
  const bool new_ones = new_pods_are_public(world);
  for (const auto& [name, node] : world.nodes()) {
    if (const auto address = public_address(node.addresses)) {
      endpoints.push_back({.detail = {.ref = {.kind = EndpointKind::kNode, .name = name}, .address = address}});
    }
  }
  for (const auto& [key, pod] : world.pods()) {
    const auto address = public_address(pod.addresses);
    if (pod.finished || pod.host_network || (!address && !(pod.addresses.empty() && new_ones))) continue;
    endpoints.push_back({.detail = {.ref = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name},
                                    .workload = pod.workload,
                                    .address = address}});
  }
  for (const auto& [key, workload] : world.workloads()) {
    const Pod& pod = workload.pod;
    if (!new_ones || pod.host_network || has_pods(world, pod)) continue;
    endpoints.push_back(
        {.detail = {.ref = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name}, .workload = pod.workload},
         .workload = key});
  }
  return endpoints;
}

std::shared_ptr<const EndpointIntent> intent_of(const policy::Engine& engine, const PublicEndpoint& endpoint) {
  return endpoint.workload.name.empty() ? engine.intent(endpoint.detail.ref)
                                        : engine.intent_of_workload(endpoint.workload);
}

std::vector<ExposureChange> diff(const ExposureSide& before, const ExposureSide& after) {
  const Endpoints old_ones = by_name(before.world);
  const Endpoints new_ones = by_name(after.world);
  const SourcePairs pairs(before.engine, after.engine);
  std::vector<ExposureChange> changes;
  for (const auto& [ref, endpoint] : old_ones) {
    const auto was = intent_of(before.engine, endpoint);
    const auto there = new_ones.find(ref);
    const auto is = there == new_ones.end() ? nullptr : intent_of(after.engine, there->second);
    if (was == nullptr) continue;
    if (is == nullptr) {
      append(changes, whole(*was, endpoint.detail, false));
    } else {
      append(changes, changes_of(there->second.detail, compare(pairs, *was, *is)));
    }
  }
  for (const auto& [ref, endpoint] : new_ones) {
    const auto is = old_ones.contains(ref) ? nullptr : intent_of(after.engine, endpoint);
    if (is != nullptr) append(changes, whole(*is, endpoint.detail, true));
  }
  std::ranges::stable_sort(changes, {}, [](const ExposureChange& c) { return c.endpoint.ref; });
  return changes;
}

std::vector<ExposureChange> diff_releases(const World& world, const policy::Options& from, const policy::Options& to) {
  const policy::Engine before(world, from);
  const policy::Engine after(world, to);
  std::vector<ExposureChange> changes = diff({world, before}, {world, after});
  const Endpoints endpoints = by_name(world);
  Causes causes(world, from, to);
  for (ExposureChange& change : changes) change.cause = causes.cause_of(change, endpoints.at(change.endpoint.ref));
  return changes;
}

}  // namespace sextant::audit
