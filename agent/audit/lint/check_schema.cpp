// refused, pruned-field: what becomes of a policy at the API server.
#include <algorithm>

#include "agent/audit/lint/checks.h"
#include "agent/audit/lint/schema.h"
#include "agent/base/text.h"

namespace sextant::audit::lint {
namespace {

bool is_peer_member(std::string_view key) { return key == "from" || key.starts_with("from"); }

// Whether a rule still says whom it is about, once what is unknown is gone.
bool names_peers(const Document& rule, const std::vector<UnknownField>& unknown) {
  return std::ranges::any_of(rule.members, [&](const Document::Member& member) {
    const bool pruned =
        std::ranges::any_of(unknown, [&](const UnknownField& field) { return field.document == &member.second; });
    return !pruned && !member.second.is_null() && is_peer_member(member.first);
  });
}

bool has_items(const Document& rule, std::string_view member) {
  const Document* list = rule.get(member);
  return list != nullptr && !list->items.empty();
}

// What the rule that the field was written in means without it.
std::string left_of(const PolicyView& policy, const RuleView& rule, const SchemaReport& report) {
  if (names_peers(*rule.document, report.unknown)) return "the rest of the rule stays";
  const bool has_ports =
      has_items(*rule.document, "toPorts") || has_items(*rule.document, "icmps") || has_items(*rule.document, "ports");
  const std::string verb = rule.deny ? "denies" : "lets in";
  if (has_ports) return "what is left " + verb + " everyone, the internet too, on those ports";
  if (!policy.of_cilium()) return "what is left lets in everyone, the internet too, on every port";
  return "what is left is the empty rule {}, which " + verb + " nobody";
}

const RuleView* rule_of(const PolicyView& policy, const Document* document) {
  for (const SpecView& spec : policy.specs) {
    for (const RuleView& rule : spec.rules) {
      if (rule.document == document) return &rule;
    }
  }
  return nullptr;
}

void say_unknown(const PolicyView& policy, const SchemaReport& report, const UnknownField& field, Remarks& remarks) {
  std::string message = "the API server prunes " + quote(field.key) + ", which it does not know, in silence";
  if (const RuleView* rule = rule_of(policy, field.parent)) {
    message += "; " + left_of(policy, *rule, report);
  } else {
    message += "; the rest stays as if it had not been written";
  }
  const std::string fix = field.meant.empty()
                              ? "remove it, or ask for another release's schema if this one is newer than the field"
                              : "write " + field.meant + ", if that is what is meant";
  remarks.push_back({ReasonId::kPruned, policy.at(field.path, field.document), std::move(message), fix});
}

}  // namespace

void check_schema(const Tree& tree, Remarks& remarks) {
  for (const PolicyView& policy : tree.policies()) {
    const SchemaReport report = check_against_schema(policy.object->kind, *policy.body, tree.options().release);
    for (const Violation& violation : report.violations) {
      remarks.push_back({ReasonId::kRefused, policy.at(violation.path, violation.document),
                         "the API server refuses the policy, so that none of its rules comes into force: " +
                             violation.path + " " + violation.cause,
                         "correct " + violation.path});
    }
    for (const UnknownField& field : report.unknown) say_unknown(policy, report, field, remarks);
  }
}

}  // namespace sextant::audit::lint
