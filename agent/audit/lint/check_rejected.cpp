// rejected, uncomputable: what the engine says of policies that it cannot take as they are written.
#include <algorithm>

#include "agent/audit/lint/checks.h"
#include "agent/audit/lint/places.h"
#include "agent/audit/lint/schema.h"

namespace sextant::audit::lint {
namespace {

const PolicyView* view_of(const Tree& tree, const PolicyRef& ref) {
  const auto found = std::ranges::find_if(tree.policies(), [&](const PolicyView& view) {
    return view.key() == ObjectKey{.kind = ref.kind, .ns = ref.ns, .name = ref.name};
  });
  return found == tree.policies().end() ? nullptr : &*found;
}

// "spec.ingress[0].toPorts[0]: ..." begins with the path.
std::string path_of(const std::string& reason) {
  const std::size_t colon = reason.find(": ");
  return colon == std::string::npos ? "" : reason.substr(0, colon);
}

bool is_refused_already(const PolicyView& view, policy::Release release) {
  return !check_against_schema(view.object->kind, *view.body, release).violations.empty();
}

}  // namespace

void check_rejected(const Tree& tree, Remarks& remarks) {
  const policy::Release release = tree.options().release;
  for (const PolicyProblem& problem : tree.engine().problems()) {
    const PolicyView* view = view_of(tree, problem.policy);
    if (view == nullptr) continue;
    const std::string path = problem.policy.rule.empty() ? path_of(problem.reason) : problem.policy.rule;
    const PolicyRef place = view->at(path, &nearest_part(*view->body, path));
    if (problem.rejected) {
      if (is_refused_already(*view, release)) continue;  // it never gets as far as to Cilium
      remarks.push_back({ReasonId::kRejected, place,
                         "the API server stores the policy, but Cilium " + std::string(policy::to_string(release)) +
                             " rejects it, so that none of its rules comes into force: " + problem.reason,
                         "correct " + (path.empty() ? "the policy" : path)});
      continue;
    }
    if (problem.reason.contains("prunes")) continue;  // pruned-field says more
    remarks.push_back({ReasonId::kUncomputable, place, "cannot be computed in full: " + problem.reason,
                       "say it with prefixes or labels, or judge it on the running cluster"});
  }
}

}  // namespace sextant::audit::lint
