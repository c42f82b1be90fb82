// empty-rule: [], {} and [{}] where they mean something else than it looks like.
//
// Sources: pkg/policy/utils/parserules.go and pkg/policy/api/ingress.go of Cilium, pkg/k8s/network_policy.go for
// Kubernetes' own kind. The idioms of Cilium's and Kubernetes' documentation, a lone ingress: [{}], are left alone when
// the policy's name or description says that it denies (Cilium) or allows all (Kubernetes).
#include <algorithm>
#include <cctype>

#include "agent/audit/lint/checks.h"

namespace sextant::audit::lint {
namespace {

bool is_empty_list(const Document* list) { return list != nullptr && list->is_list() && list->items.empty(); }
bool is_empty_map(const Document& map) { return map.is_null() || (map.is_map() && map.members.empty()); }

// Whether the author says so in the name or the description.
bool says(const PolicyView& policy, std::initializer_list<std::string_view> words) {
  std::string text = policy.object->name;
  for (const SpecView& spec : policy.specs) text += " " + std::string(spec.document->string_at("description"));
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

class Check {
 public:
  Check(const PolicyView& policy, Remarks& remarks) : policy_(policy), remarks_(remarks) {}

  void cilium(const SpecView& spec) {
    for (const std::string_view section : {"ingress", "ingressDeny"}) {
      const Document* list = spec.document->get(section);
      if (!is_empty_list(list)) continue;
      say(spec.where + "." + std::string(section), list,
          std::string(section) + ": [] is no rule at all: it does not even turn default deny on",
          "write ingress: [{}] to deny whatever nothing allows, or remove it");
    }
    const Document* default_deny = spec.document->at({"enableDefaultDeny", "ingress"});
    if (default_deny != nullptr && default_deny->boolean && spec.rules.empty()) {
      say(spec.where + ".enableDefaultDeny", spec.document->get("enableDefaultDeny"),
          "enableDefaultDeny.ingress does nothing without an element of ingress or ingressDeny", "add ingress: [{}]");
    }
    for (const RuleView& rule : spec.rules) cilium_rule(spec, rule);
  }

  void kubernetes(const SpecView& spec) {
    for (const RuleView& rule : spec.rules) {
      const Document& document = *rule.document;
      const bool everyone = document.get("from") == nullptr || is_empty_list(document.get("from"));
      const bool all_ports = document.get("ports") == nullptr || is_empty_list(document.get("ports"));
      if (is_empty_list(document.get("from"))) {
        say(rule.where + ".from", document.get("from"),
            "from: [] is everyone, the internet too" + std::string(all_ports ? ", on every port" : ", on those ports"),
            "remove the rule to let nobody in, or name who is meant");
      } else if (everyone && all_ports &&
                 !says(policy_, {"allow-all", "allow all", "allow-any", "public", "world", "internet"})) {
        say(rule.where, &document, "an empty rule lets in everyone, the internet too, on every port",
            "remove the rule to let nobody in (ingress: []), or name who is meant");
      }
    }
  }

 private:
  void say(const std::string& where, const Document* part, std::string message, std::string fix) {
    remarks_.push_back({ReasonId::kEmptyRule, policy_.at(where, part), std::move(message), std::move(fix)});
  }

  void cilium_rule(const SpecView& spec, const RuleView& rule) {
    const Document& document = *rule.document;
    if (is_empty_map(document)) return empty(spec, rule);
    for (const auto& [member, value] : document.members) {
      const std::string where = rule.where + "." + member;
      if (member.starts_with("from") && member != "fromRequires" && is_empty_list(&value)) {
        say(where, &value, member + ": [] is nobody: the rule " + (rule.deny ? "denies" : "lets in") + " no one",
            "remove " + member + " for everyone, or name who is meant");
      }
      if (member == "toPorts" || member == "icmps")
        ports(value, where, member == "toPorts" ? "ports" : "fields", rule.deny);
    }
  }

  void empty(const SpecView& spec, const RuleView& rule) {
    if (rule.deny) {
      return say(rule.where, rule.document, "an empty deny rule denies nobody: all it does is to turn default deny on",
                 "write fromEntities: [all], or name who is meant");
    }
    if (spec.rules.size() > 1) {
      return say(rule.where, rule.document, "an empty rule lets nobody in: beside other rules it does nothing",
                 "remove it, or write fromEntities: [all] if everyone is meant");
    }
    if (says(policy_, {"deny", "lockdown", "lock-down", "isolate", "block"})) return;
    say(rule.where, rule.document,
        "ingress: [{}] lets nobody in: it is default deny (in a Kubernetes NetworkPolicy the same words let everyone "
        "in)",
        "write fromEntities: [all] if everyone is meant; say deny in the name or the description if nobody is");
  }

  // toPorts and icmps whose elements name nothing.
  void ports(const Document& list, const std::string& where, std::string_view inner, bool deny) {
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const Document* named = list.items[i].get(inner);
      if (named != nullptr && !named->items.empty()) continue;
      say(where + "[" + std::to_string(i) + "]", &list.items[i],
          "names no " + std::string(inner) + " and so " + (deny ? "denies" : "lets in") +
              " nothing: it is not every port",
          "name them, or remove the list for every port and protocol");
    }
  }

  const PolicyView& policy_;
  Remarks& remarks_;
};

}  // namespace

void check_empty_rules(const Tree& tree, Remarks& remarks) {
  for (const PolicyView& policy : tree.policies()) {
    if (policy.object->kind == ObjectKind::kClusterNetworkPolicy) continue;
    Check check(policy, remarks);
    for (const SpecView& spec : policy.specs) policy.of_cilium() ? check.cilium(spec) : check.kubernetes(spec);
  }
}

}  // namespace sextant::audit::lint
