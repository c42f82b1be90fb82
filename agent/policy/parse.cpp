#include "agent/policy/parse.h"

#include "agent/policy/parse_internal.h"
#include "agent/policy/release.h"

namespace sextant::policy {

std::string_view peer_cluster(const Options& options) {
  if (!has(options.release, Trait::kClusterScopedPeers)) return {};
  const bool scoped =
      options.policy_default_local_cluster.value_or(has(options.release, Trait::kClusterScopedByDefault));
  return scoped ? std::string_view(options.cluster_name) : std::string_view();
}

PeerContext ParseContext::peers() const {
  return {.selectors = selectors,
          .dual_stack = options.dual_stack,
          .node_selector_labels = options.enable_node_selector_labels,
          .cidr_match_nodes = options.policy_cidr_match_nodes,
          .cluster = peer_cluster(options),
          .entity_cluster = options.cluster_name,
          .ns = ns};
}

PolicyRef Policy::ref(const Entry* entry) const {
  PolicyRef ref{.kind = key.kind, .ns = key.ns, .name = key.name, .origin = origin};
  if (entry != nullptr) {
    ref.rule = entry->where;
    if (entry->line != 0) ref.origin.line = entry->line;
  }
  return ref;
}

Policy parse_policy(const PolicyObject& object, const Options& options, Symbols& symbols) {
  Policy policy;
  policy.key = {.kind = object.kind, .ns = object.ns, .name = object.name};
  policy.origin = object.origin;
  Report report;
  const SelectorReader selectors(symbols, options.release);
  const Document body = object.body->unpack();
  const ParseContext context{.options = options, .selectors = selectors, .ns = object.ns};
  switch (object.kind) {
    case ObjectKind::kCiliumNetworkPolicy:
      parse_cilium_policy(body, context, object.ns.empty(), policy, report);
      break;
    case ObjectKind::kCiliumClusterwideNetworkPolicy:
      parse_cilium_policy(body, {.options = options, .selectors = selectors}, true, policy, report);
      break;
    case ObjectKind::kNetworkPolicy:
      parse_network_policy(body, context, policy, report);
      break;
    case ObjectKind::kClusterNetworkPolicy:
      if (has(options.release, Trait::kClusterNetworkPolicy)) {
        parse_cluster_network_policy(body, context, policy, report);
      } else {
        report.note(Path("spec"), "this release of Cilium does not enforce ClusterNetworkPolicy");
      }
      break;
    default:
      break;
  }
  policy.rejected = report.rejection();
  policy.notes = report.notes();
  if (policy.rejected) {
    policy.specs.clear();
    policy.prefixes.clear();
  }
  return policy;
}

}  // namespace sextant::policy
