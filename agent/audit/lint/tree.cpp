#include "agent/audit/lint/tree.h"

#include <algorithm>
#include <set>

#include "agent/audit/lint/stand_ins.h"

namespace sextant::audit::lint {
namespace {

void add_rules(const Document& spec, std::string_view member, bool deny, SpecView& view) {
  const Document* list = spec.get(member);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    view.rules.push_back({.document = &list->items[i],
                          .where = view.where + "." + std::string(member) + "[" + std::to_string(i) + "]",
                          .deny = deny});
  }
}

SpecView spec_view(const Document& spec, std::string where) {
  SpecView view{.document = &spec, .where = std::move(where), .node = spec.get("nodeSelector") != nullptr};
  add_rules(spec, "ingress", false, view);
  add_rules(spec, "ingressDeny", true, view);
  return view;
}

bool is_policy(const PolicyObject& object) { return object.kind != ObjectKind::kCiliumCidrGroup; }

template <class Map>
void put_all(World& world, const Map& objects) {
  for (const auto& [key, object] : objects) world.apply(Delta(Object(object)));
}

// The cluster without its policies: what they are about.
World cluster_of(const World& given) {
  std::string local = given.local_node();
  if (local.empty() && !given.nodes().empty()) local = given.nodes().begin()->first;
  World world(local);
  put_all(world, given.namespaces());
  put_all(world, given.nodes());
  put_all(world, given.pods());
  put_all(world, given.workloads());
  put_all(world, given.services());
  put_all(world, given.slices());
  put_all(world, given.entrances());
  for (const auto& [key, object] : given.policies()) {
    if (!is_policy(object)) world.apply(Delta(Object(object)));
  }
  for (const Object& object : stand_ins(given)) world.apply(Delta(object));
  return world;
}

// Pods for which every policy says the same.
std::string likeness(const Pod& pod) {
  std::string text = pod.ns + "|" + pod.service_account + "|" + pod.node_name;
  for (const auto& [key, value] : pod.labels) text += "|" + key + "=" + value;
  for (const ContainerPort& port : pod.ports) {
    text += "|" + port.name + to_string(port.protocol) + std::to_string(port.port);
  }
  return text;
}

bool has_pods(const World& world, const Pod& of_template) {
  return std::ranges::any_of(world.pods(), [&](const auto& entry) {
    return entry.second.ns == of_template.ns && entry.second.workload == of_template.workload;
  });
}

}  // namespace

PolicyRef PolicyView::at(const std::string& where, const Document* part) const {
  PolicyRef ref{.kind = object->kind, .ns = object->ns, .name = object->name, .rule = where, .origin = object->origin};
  if (part != nullptr && part->line != 0) ref.origin.line = part->line;
  return ref;
}

PolicyView view_of(const PolicyObject& object) {
  PolicyView view{.object = &object, .body = std::make_shared<const Document>(object.body->unpack())};
  if (const Document* spec = view.body->get("spec"); spec != nullptr && spec->is_map()) {
    view.specs.push_back(spec_view(*spec, "spec"));
  }
  const Document* specs = view.body->get("specs");
  if (specs == nullptr || !view.of_cilium()) return view;
  for (std::size_t i = 0; i < specs->items.size(); ++i) {
    view.specs.push_back(spec_view(specs->items[i], "specs[" + std::to_string(i) + "]"));
  }
  return view;
}

Tree::Tree(const World& given, const policy::Options& options)
    : given_(given), world_(std::make_unique<World>(cluster_of(given))) {
  for (const auto& [key, object] : given.policies()) {
    if (!is_policy(object)) continue;
    policies_.push_back(view_of(object));
    world_->apply(Delta(Object(object)));
  }
  engine_ = std::make_unique<policy::Engine>(*world_, options);
  for (const PolicyProblem& problem : engine_->problems()) {
    const PolicyRef& ref = problem.policy;
    if (problem.rejected) rejected_.insert({.kind = ref.kind, .ns = ref.ns, .name = ref.name});
  }
  find_subjects();
  make_up_subjects();
}

bool Tree::is_rejected(const PolicyView& policy) const { return rejected_.contains(policy.key()); }

std::unique_ptr<policy::Engine> Tree::engine_of(policy::Release release) const {
  policy::Options options = engine_->options();
  options.release = release;
  return std::make_unique<policy::Engine>(*world_, std::move(options));
}

void Tree::add_subject(SubjectView subject) {
  if (const auto selecting = engine_->selected_by(subject.asked)) subject.selecting = *selecting;
  subjects_.push_back(std::move(subject));
}

void Tree::find_subjects() {
  std::set<std::string> known;
  for (const auto& [key, pod] : given_.pods()) {
    if (pod.finished || pod.host_network || !known.insert(likeness(pod)).second) continue;
    add_subject({.endpoint = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name},
                 .asked = {.kind = policy::Subject::Kind::kPod, .ns = pod.ns, .name = pod.name},
                 .pod = &pod});
  }
  for (const auto& [key, workload] : given_.workloads()) {
    const Pod& pod = workload.pod;
    if (pod.host_network || has_pods(given_, pod)) continue;
    add_subject({.endpoint = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = key.name},
                 .asked = {.kind = policy::Subject::Kind::kWorkload, .ns = pod.ns, .name = key.name},
                 .pod = &pod});
  }
  for (const auto& [name, node] : given_.nodes()) {
    add_subject({.endpoint = {.kind = EndpointKind::kNode, .name = name},
                 .asked = {.kind = policy::Subject::Kind::kNode, .name = name}});
  }
}

// A pod for each spec that selects nothing given, so that its rules can be judged all the same.
void Tree::make_up_subjects() {
  for (const PolicyView& policy : policies_) {
    for (const SpecView& spec : policy.specs) {
      const Document* selector = spec.document->get(policy.of_cilium() ? "endpointSelector" : "podSelector");
      if (selector == nullptr || !selector->is_map() || !selected_by(policy, spec).empty()) continue;
      std::optional<Pod> pod = lint::selected_by(*selector, policy.object->ns);
      if (!pod) continue;
      pod->name = std::string(kStandIn) + "-subject-" + std::to_string(subjects_.size());
      pod->node_name = world_->local_node();
      const ObjectKey key{.kind = ObjectKind::kPod, .ns = pod->ns, .name = pod->name};
      const Delta delta = Object(*std::move(pod));
      world_->apply(delta);
      engine_->on(delta);
      add_subject({.endpoint = {.kind = EndpointKind::kPod, .ns = key.ns, .name = key.name},
                   .asked = {.kind = policy::Subject::Kind::kPod, .ns = key.ns, .name = key.name},
                   .pod = &world_->pods().at(key),
                   .given = false});
    }
  }
}

std::vector<const SubjectView*> Tree::selected_by(const PolicyView& policy) const {
  std::vector<const SubjectView*> found;
  for (const SubjectView& subject : subjects_) {
    const bool selected = std::ranges::any_of(subject.selecting, [&](const PolicyRef& ref) {
      return ObjectKey{.kind = ref.kind, .ns = ref.ns, .name = ref.name} == policy.key();
    });
    if (selected) found.push_back(&subject);
  }
  return found;
}

std::vector<const SubjectView*> Tree::selected_by(const PolicyView& policy, const SpecView& spec) const {
  const PolicyRef wanted = policy.at(spec.where, nullptr);
  std::vector<const SubjectView*> found;
  for (const SubjectView& subject : subjects_) {
    if (std::ranges::find(subject.selecting, wanted) != subject.selecting.end()) found.push_back(&subject);
  }
  return found;
}

std::shared_ptr<const EndpointIntent> Tree::intent(const policy::Engine& engine, const SubjectView& subject) {
  if (subject.asked.kind != policy::Subject::Kind::kWorkload) return engine.intent(subject.endpoint);
  return engine.intent_of_workload({.kind = ObjectKind::kWorkload, .ns = subject.asked.ns, .name = subject.asked.name});
}

}  // namespace sextant::audit::lint
