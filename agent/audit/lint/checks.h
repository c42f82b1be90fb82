// The checks: each looks for one reason, or a few that are found in the same way. lint.cpp runs them all.
#pragma once

#include <string>
#include <vector>

#include "agent/audit/lint/lint.h"
#include "agent/audit/lint/tree.h"

namespace sextant::audit::lint {

using Remarks = std::vector<Remark>;

void check_schema(const Tree& tree, Remarks& remarks);            // refused, pruned-field
void check_rejected(const Tree& tree, Remarks& remarks);          // rejected, uncomputable
void check_selects_nothing(const Tree& tree, Remarks& remarks);   // selects-nothing
void check_void_rules(const Tree& tree, Remarks& remarks);        // shadowed, redundant, overruled
void check_remote_clients(const Tree& tree, Remarks& remarks);    // remote-clients
void check_whole_families(const Tree& tree, Remarks& remarks);    // one-family, world-prefix
void check_cluster_prefixes(const Tree& tree, Remarks& remarks);  // cluster-prefix
void check_one_namespace(const Tree& tree, Remarks& remarks);     // one-namespace
void check_empty_rules(const Tree& tree, Remarks& remarks);       // empty-rule
void check_packet_too_big(const Tree& tree, Remarks& remarks);    // no-packet-too-big
void check_label_keys(const Tree& tree, Remarks& remarks);        // filtered-label
void check_host_bits(const Tree& tree, Remarks& remarks);         // host-bits
void check_defects(const Tree& tree, Remarks& remarks);           // release-defect

// ---- what the daemon's SXT012 shares
// ---------------------------------------------------------------------------------

// Whether the world says enough of the cluster to tell that a spec selects nothing.
bool can_tell_selection(const World& world, const PolicyView& policy, const SpecView& spec);
Remark selects_nothing(const World& world, const PolicyView& policy, const SpecView& spec);
// `by`: the rules that deny what it allows. `rest`: what more is to be said of it.
Remark shadowed(const PolicyRef& place, const std::vector<PolicyRef>& by, const std::string& rest = {});

// ---- what they share ------------------------------------------------------------------------------------------------

// Calls visit(policy, spec, rule) for every rule of every policy.
template <class Visit>
void for_each_rule(const Tree& tree, Visit visit) {
  for (const PolicyView& policy : tree.policies()) {
    for (const SpecView& spec : policy.specs) {
      for (const RuleView& rule : spec.rules) visit(policy, spec, rule);
    }
  }
}

// One prefix as a rule names it, in fromCIDR, fromCIDRSet or ipBlock.
struct WrittenPrefix {
  std::string text{};
  std::string where{};  // "spec.ingress[0].fromCIDR[1]"
  const Document* document = nullptr;
  bool has_except = false;
  bool is_except = false;
};
std::vector<WrittenPrefix> prefixes_of(const RuleView& rule);

// The texts of a list of strings, such as fromEntities; empty when it is missing.
std::vector<std::string> texts_of(const Document& map, std::string_view list);
bool names_entity(const RuleView& rule, std::string_view entity);

// Who sends, in words: "the internet", "2001:db8::/32", "pods of shop with app=web".
std::string source_words(const SourceClass& source);
std::string source_words(const std::vector<std::shared_ptr<const SourceClass>>& sources);
// "5432/TCP", "TCP ports 80 to 90", "every TCP port".
std::string port_words(Protocol protocol, std::uint16_t first, std::uint16_t last);
// "shop/db", "shop/db and 2 more".
std::string subject_words(const std::vector<const SubjectView*>& subjects);

}  // namespace sextant::audit::lint
