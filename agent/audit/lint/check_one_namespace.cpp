// one-namespace: fromEndpoints: [{}] of a CiliumNetworkPolicy, whose author may have meant everyone.
//
// Not said where the object names other peers too (then its author knows that {} is not everyone), nor of a
// CiliumClusterwideNetworkPolicy, where {} is every pod, nor of denials.
#include <algorithm>

#include "agent/audit/lint/checks.h"

namespace sextant::audit::lint {
namespace {

bool is_peer_member(std::string_view key) { return key.starts_with("from"); }

const Document* lone_empty_selector(const Document& rule) {
  const Document* list = rule.get("fromEndpoints");
  const bool lone =
      list != nullptr && list->items.size() == 1 && list->items[0].is_map() && list->items[0].members.empty();
  return lone ? list : nullptr;
}

bool names_others(const PolicyView& policy) {
  return std::ranges::any_of(policy.specs, [](const SpecView& spec) {
    return std::ranges::any_of(spec.rules, [](const RuleView& rule) {
      return !rule.deny && lone_empty_selector(*rule.document) == nullptr &&
             std::ranges::any_of(rule.document->members,
                                 [](const auto& member) { return is_peer_member(member.first); });
    });
  });
}

}  // namespace

void check_one_namespace(const Tree& tree, Remarks& remarks) {
  for_each_rule(tree, [&](const PolicyView& policy, const SpecView&, const RuleView& rule) {
    const Document* list = lone_empty_selector(*rule.document);
    if (list == nullptr || rule.deny || policy.object->kind != ObjectKind::kCiliumNetworkPolicy) return;
    if (policy.object->ns.empty() || names_others(policy)) return;
    remarks.push_back(
        {ReasonId::kOneNamespace, policy.at(rule.where + ".fromEndpoints", list),
         "fromEndpoints: [{}] lets in the pods of namespace " + policy.object->ns +
             " only: no other namespace, no node, and nobody on the internet",
         "say fromEntities: [all] for everyone, or [world] for the internet; to let every namespace in, select "
         "{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}"});
  });
}

}  // namespace sextant::audit::lint
