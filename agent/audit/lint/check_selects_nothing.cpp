// selects-nothing: by the pods, pod templates and nodes of the manifests, or the pods and nodes of the cluster.
//
// A policy of a namespace is judged only when the manifests hold a pod or a template of that namespace: a folder of
// policies alone says nothing about whom they select. A cluster-wide policy is judged when they hold any pod, one for
// nodes when they hold any node.
#include <algorithm>

#include "agent/audit/lint/checks.h"

namespace sextant::audit::lint {
bool can_tell_selection(const World& world, const PolicyView& policy, const SpecView& spec) {
  if (policy.object->kind == ObjectKind::kClusterNetworkPolicy) return false;
  if (spec.node) return !world.nodes().empty();
  const std::string& ns = policy.object->ns;
  const auto counts = [&](const Pod& pod) { return ns.empty() || pod.ns == ns; };
  return std::ranges::any_of(world.pods(), [&](const auto& entry) { return counts(entry.second); }) ||
         std::ranges::any_of(world.workloads(), [&](const auto& entry) { return counts(entry.second.pod); });
}

namespace {

// A pod of the namespace that only a hostNetwork keeps from being selected, by its labels.
bool has_host_network_pods(const World& world, const std::string& ns) {
  return std::ranges::any_of(world.pods(), [&](const auto& entry) {
    return entry.second.host_network && (ns.empty() || entry.second.ns == ns);
  });
}

// A cluster tells its pods, not the templates that they come from.
std::string nothing_selected(const PolicyView& policy, const SpecView& spec) {
  const bool of_cluster = policy.object->origin.file.empty();
  const std::string where = of_cluster ? "" : " of the manifests";
  const std::string lost = "; whatever it was written for is not protected by it";
  if (spec.node) return "selects no node" + where + lost;
  if (!of_cluster) return "selects no pod and no pod template of the manifests" + lost;
  return "selects no pod that the cluster has now" + lost + ", unless its pods come and go";
}

}  // namespace

Remark selects_nothing(const World& world, const PolicyView& policy, const SpecView& spec) {
  std::string message = nothing_selected(policy, spec);
  if (!spec.node && has_host_network_pods(world, policy.object->ns)) {
    message += " (pods with hostNetwork are their node's, and no policy for pods selects them)";
  }
  return {ReasonId::kSelectsNothing, policy.at(spec.where, spec.document), std::move(message),
          "compare its selector with the labels of the pods, namespace included; remove the policy if they are gone"};
}

void check_selects_nothing(const Tree& tree, Remarks& remarks) {
  for (const PolicyView& policy : tree.policies()) {
    if (tree.is_rejected(policy)) continue;
    for (const SpecView& spec : policy.specs) {
      if (!can_tell_selection(tree.given(), policy, spec)) continue;
      const auto selected = tree.selected_by(policy, spec);
      if (std::ranges::any_of(selected, &SubjectView::given)) continue;
      remarks.push_back(selects_nothing(tree.given(), policy, spec));
    }
  }
}

}  // namespace sextant::audit::lint
