#include "agent/policy/engine.h"

#include <algorithm>

#include "agent/policy/compile.h"
#include "agent/policy/engine_state.h"
#include "agent/policy/explain.h"
#include "agent/policy/overlaps.h"
#include "agent/policy/trace.h"

namespace sextant::policy {

Engine::Engine(const World& world, Options options) : state_(std::make_unique<State>(world, std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::on(const Delta& delta) { state_->on(delta); }

void Engine::set_options(Options options) {
  state_->options = std::move(options);
  state_->rebuild();
}

const Options& Engine::options() const { return state_->options; }

Result<Decision> Engine::decide(const Subject& to, const Peer& from, Protocol protocol, std::uint16_t port,
                                bool trace) const {
  const Result<Target> target = state_->target(to);
  if (!target) return Failure(target.error());
  const Result<PeerIdentity> peer = state_->peer(from, target->node);
  if (!peer) return Failure(peer.error());
  const std::shared_ptr<const SubjectPolicy> subject = state_->policy_of(*target);
  const Judgement judgement = judge(*subject, sight_of(*subject, *peer), protocol, port, state_->options.release);
  Decision decision{.verdict = judgement.verdict,
                    .because = judgement.because,
                    .selected = subject->selected,
                    .enforced = subject->applies && subject->default_deny,
                    .why = why(*subject, judgement),
                    .policies = deciding_policies(*subject, judgement)};
  if (trace) {
    decision.trace = policy::trace({.subject = *subject,
                                    .peer = *peer,
                                    .identities = state_->identities,
                                    .symbols = state_->symbols,
                                    .judgement = judgement,
                                    .protocol = protocol,
                                    .port = port});
  }
  return decision;
}

std::shared_ptr<const EndpointIntent> Engine::intent(const EndpointRef& endpoint) const {
  const Subject::Kind kind = endpoint.kind == EndpointKind::kNode ? Subject::Kind::kNode : Subject::Kind::kPod;
  if (endpoint.kind != EndpointKind::kNode && endpoint.kind != EndpointKind::kPod) return nullptr;
  const Result<Target> target = state_->target({.kind = kind, .ns = endpoint.ns, .name = endpoint.name});
  if (!target) return nullptr;
  return state_->intent_of(endpoint, *target);
}

std::shared_ptr<const EndpointIntent> Engine::intent_of_workload(const ObjectKey& workload) const {
  const Result<Target> target =
      state_->target({.kind = Subject::Kind::kWorkload, .ns = workload.ns, .name = workload.name});
  if (!target) return nullptr;
  return state_->intent_of_workload(workload, *target);
}

std::shared_ptr<const SourceClass> Engine::classify(const IpAddress& address) const {
  return state_->classes().of(address);
}

std::shared_ptr<const SourceClass> Engine::source_class(ClassId id) const { return state_->class_names.find(id); }

const std::vector<SourceRange>& Engine::sources() const { return state_->classes().ranges(); }

Result<std::vector<PolicyRef>> Engine::selected_by(const Subject& to) const {
  const Result<Target> target = state_->target(to);
  if (!target) return Failure(target.error());
  std::vector<PolicyRef> selecting;
  for (const CompiledPolicy* compiled : state_->candidates(*target)) {
    for (const Spec& spec : compiled->policy.specs) {
      if (spec.node != target->host || !spec.subject.matches(state_->identities.labels(target->id))) continue;
      PolicyRef& ref = selecting.emplace_back(compiled->policy.ref(nullptr));
      ref.rule = spec.where;
    }
  }
  return selecting;
}

KernelIntent Engine::compile() const { return state_->compiler->compile(*this, state_->world, state_->classes()); }

Work Engine::work() const { return state_->work; }

std::vector<PolicyProblem> Engine::problems() const {
  std::vector<PolicyProblem> problems;
  const auto add = [&](PolicyRef ref, bool rejected, const std::string& reason) {
    problems.push_back({.policy = std::move(ref), .rejected = rejected, .reason = reason});
  };
  for (const auto& [key, compiled] : state_->policies) {
    const Policy& policy = compiled->policy;
    if (policy.rejected) add(policy.ref(nullptr), true, *policy.rejected);
    for (const std::string& note : policy.notes) add(policy.ref(nullptr), false, note);
    for (const Spec& spec : policy.specs) {
      for (const Entry& entry : spec.entries) {
        if (!entry.peers.unknown.empty()) add(policy.ref(&entry), false, entry.peers.unknown);
      }
    }
  }
  for (const auto& [key, group] : state_->groups) {
    const PolicyRef ref{.kind = key.kind, .ns = key.ns, .name = key.name, .origin = group.origin};
    for (const std::string& note : group.notes) add(ref, false, note);
  }
  std::ranges::stable_sort(problems, {}, [](const PolicyProblem& p) {
    return std::tuple(p.policy.kind, p.policy.ns, p.policy.name, p.policy.rule, p.reason);
  });
  return problems;
}

std::vector<Uncomputed> Engine::uncomputed() const {
  std::vector<Uncomputed> found;
  const auto look_at = [&](const EndpointRef& endpoint, const Target& target) {
    const std::shared_ptr<const SubjectPolicy> policy = state_->policy_of(target);
    if (policy->broken.empty() && policy->overlaps <= kMostOverlaps) return;
    const std::string reason = why(*policy, {.too_many = true});
    const auto is_unknown = [&](const IntentRow& row) { return row.cells.front().why == reason; };
    if (std::ranges::any_of(state_->intent_of(endpoint, target)->rows, is_unknown)) found.push_back({endpoint, reason});
  };
  const World& world = state_->world;
  for (const auto& [key, pod] : world.pods()) {
    if (!world.is_local(pod) || pod.host_network || pod.finished || pod.addresses.empty()) continue;
    look_at({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name}, state_->target_of(pod));
  }
  look_at({.kind = EndpointKind::kNode, .name = world.local_node()}, state_->node_target(world.local_node()));
  return found;
}

}  // namespace sextant::policy
