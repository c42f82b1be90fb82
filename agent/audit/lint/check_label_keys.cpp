// filtered-label: selectors on labels that never reach an identity, and on reserved labels that nobody carries.
//
// Not looked at: namespaceSelector (all labels of namespaces reach identities), fromNodes (another filter, which keeps
// all), and cidrGroupSelector (labels of groups).
#include <algorithm>
#include <array>

#include "agent/audit/lint/checks.h"
#include "agent/audit/texts.h"
#include "agent/policy/labels.h"
#include "agent/policy/release.h"

namespace sextant::audit::lint {
namespace {

// pkg/labels/labels.go: the names of reserved identities.
constexpr std::array<std::string_view, 13> kReserved{
    "all",         "host",      "world",   "world-ipv4", "world-ipv6",     "health",        "init",
    "remote-node", "unmanaged", "ingress", "unknown",    "kube-apiserver", "fixed-identity"};

struct Key {
  std::string text{};
  std::string where{};
  const Document* document = nullptr;
  bool negative = false;  // asks for the label's absence
};

std::vector<Key> keys_of(const Document& selector, const std::string& where) {
  std::vector<Key> keys;
  if (const Document* labels = selector.get("matchLabels")) {
    for (const auto& [key, value] : labels->members) keys.push_back({key, where + ".matchLabels", &value});
  }
  if (const Document* expressions = selector.get("matchExpressions")) {
    for (std::size_t i = 0; i < expressions->items.size(); ++i) {
      const Document& e = expressions->items[i];
      const std::string_view op = e.string_at("operator");
      keys.push_back({std::string(e.string_at("key")), where + ".matchExpressions[" + std::to_string(i) + "]", &e,
                      op == "NotIn" || op == "DoesNotExist"});
    }
  }
  return keys;
}

class Check {
 public:
  Check(const Tree& tree, const PolicyView& policy, Remarks& remarks)
      : tree_(tree), policy_(policy), remarks_(remarks) {}

  void selector(const Document* selector, const std::string& where, bool subject) {
    if (selector == nullptr || !selector->is_map()) return;
    for (const Key& key : keys_of(*selector, where)) {
      const std::string what = why_unseen(key.text);
      if (what.empty()) continue;
      const std::string effect = key.negative ? "asking for its absence matches everything"
                                 : subject    ? "the policy selects nothing by it"
                                              : "nobody is meant by it";
      remarks_.push_back({ReasonId::kFilteredLabel, policy_.at(key.where, key.document), what + ": " + effect,
                          "select by a label of your own, such as app.kubernetes.io/name"});
    }
  }

  void list(const Document* selectors, const std::string& where) {
    if (selectors == nullptr) return;
    for (std::size_t i = 0; i < selectors->items.size(); ++i) {
      selector(&selectors->items[i], where + "[" + std::to_string(i) + "]", false);
    }
  }

  void peers(const Document* list, const std::string& where) {
    if (list == nullptr) return;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      selector(list->items[i].get("podSelector"), where + "[" + std::to_string(i) + "].podSelector", false);
    }
  }

 private:
  // Why no identity has the label; empty: one may.
  std::string why_unseen(const std::string& text) const {
    const policy::Release release = tree_.options().release;
    const auto [source, key] =
        policy_.of_cilium() ? policy::split_source(text, ':', release) : policy::SourceAndKey{"k8s", text};
    if (source == "reserved") {
      if (std::ranges::find(kReserved, key) != kReserved.end()) return world_of_other_families(key);
      return "no identity carries the reserved label " + std::string(key);
    }
    if ((!source.empty() && source != "k8s" && source != "any") || policy::reaches_identity(key, release)) return {};
    return "Cilium leaves the label " + std::string(key) + " out of identities";
  }

  // In dual stack, identities are of world-ipv4 or world-ipv6.
  std::string world_of_other_families(std::string_view key) const {
    const policy::Release release = tree_.options().release;
    if (!tree_.options().dual_stack || key != "world" || has(release, policy::Trait::kWorldStandsForBothFamilies))
      return {};
    return "in dual stack the world is reserved:world-ipv4 and reserved:world-ipv6, and nobody carries reserved:world";
  }

  const Tree& tree_;
  const PolicyView& policy_;
  Remarks& remarks_;
};

}  // namespace

void check_label_keys(const Tree& tree, Remarks& remarks) {
  for (const PolicyView& policy : tree.policies()) {
    Check check(tree, policy, remarks);
    for (const SpecView& spec : policy.specs) {
      for (const std::string_view member : {"endpointSelector", "nodeSelector", "podSelector"}) {
        check.selector(spec.document->get(member), spec.where + "." + std::string(member), true);
      }
      for (const RuleView& rule : spec.rules) {
        check.list(rule.document->get("fromEndpoints"), rule.where + ".fromEndpoints");
        check.peers(rule.document->get("from"), rule.where + ".from");
      }
    }
  }
}

}  // namespace sextant::audit::lint
