#include "agent/policy/explain.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "agent/policy/overlaps.h"

namespace sextant::policy {
namespace {

std::string name_of(const PolicyRef& ref) { return ref.to_string() + (ref.rule.empty() ? "" : " " + ref.rule); }

// "A", "A and B", "A, B and 3 more".
std::string names_of(const std::vector<PolicyRef>& refs) {
  constexpr std::size_t kShown = 2;
  std::string text;
  const std::size_t shown = std::min(refs.size(), refs.size() == kShown + 1 ? refs.size() : kShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == shown && shown == refs.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + name_of(refs[i]);
  }
  if (shown < refs.size()) text += " and " + std::to_string(refs.size() - shown) + " more";
  return text;
}

std::string why_allowed(const SubjectPolicy& subject, const Judgement& judgement) {
  const std::string names = names_of(deciding_policies(subject, judgement));
  switch (judgement.verdict) {
    case Verdict::kRedirect:
      return names + " lets it in through the L7 proxy, which decides on each request";
    case Verdict::kAuth:
      return names + " lets it in once both sides have authenticated";
    default:
      return names + (judgement.decided_by.size() > 1 ? " allow it" : " allows it");
  }
}

}  // namespace

std::string port_text(Protocol protocol, std::uint16_t port) {
  if (protocol == Protocol::kIcmp || protocol == Protocol::kIcmpv6)
    return to_string(protocol) + " type " + std::to_string(port);
  return has_ports(protocol) ? std::to_string(port) + "/" + to_string(protocol) : to_string(protocol);
}

SharedPolicies deciding_policies(const SubjectPolicy& subject, const Judgement& judgement) {
  std::vector<PolicyRef> refs;
  std::set<std::pair<const Policy*, std::string_view>> named;
  for (const Item* item : judgement.decided_by) {
    for (const Written& source : item->sources) {
      if (named.emplace(source.policy, source.entry->where).second) refs.push_back(source.policy->ref(source.entry));
    }
  }
  if (refs.empty() && judgement.because == Because::kDefaultDeny) return subject.closing_policies;
  return refs;
}

std::string why(const SubjectPolicy& subject, const Judgement& judgement) {
  if (!subject.broken.empty()) return subject.broken;
  switch (judgement.because) {
    case Because::kRule:
      return why_allowed(subject, judgement);
    case Because::kDenyRule:
      return names_of(deciding_policies(subject, judgement)) +
             " denies it, and a deny rule wins over every allow of its tier";
    case Because::kDefaultDeny: {
      const std::vector<PolicyRef>& refs = subject.closing_policies;
      if (refs.empty())
        return "no rule allows it, and everything without a rule is denied here (enable-policy always, or no labels "
               "yet)";
      return "no rule allows it, and " + names_of(refs) + (refs.size() > 1 ? " close" : " closes") +
             " what no rule allows";
    }
    case Because::kDefaultAllow:
      return subject.selected ? "the policies that select it leave open what no rule denies (enableDefaultDeny: false)"
                              : "no policy selects it for ingress, so everything is let in";
    case Because::kLocalHost:
      return "a node may always reach its own pods (allow-localhost)";
    case Because::kNotEnforced:
      return "policies are not enforced here: enable-policy is never, or it is a node and the host firewall is off";
    case Because::kUnknown:
      break;
  }
  for (const Item* item : judgement.decided_by) {
    if (!item->uncertain || item->sources.empty()) continue;
    const Written& source = item->sources.front();
    return name_of(source.policy->ref(source.entry)) + " could change it: " + source.entry->peers.unknown;
  }
  if (judgement.too_many) {
    return "more rules with overlapping ranges of ports concern the source than are computed (" +
           std::to_string(kMostOverlaps) + " overlaps)";
  }
  if (judgement.by_chance) {
    return "this release of Cilium leaves it to chance: CIDR groups list the source's prefix with different values of "
           "one label";
  }
  return "a rule that cannot be computed could change it";
}

}  // namespace sextant::policy
