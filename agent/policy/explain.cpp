#include "agent/policy/explain.h"

#include <algorithm>

namespace sextant::policy {
namespace {

void add_once(std::vector<PolicyRef>& refs, PolicyRef ref) {
  if (std::ranges::find(refs, ref) == refs.end()) refs.push_back(std::move(ref));
}

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

std::vector<PolicyRef> selecting_policies(const SubjectPolicy& subject) {
  std::vector<PolicyRef> refs;
  for (const Written& source : subject.selecting) add_once(refs, source.policy->ref(nullptr));
  return refs;
}

std::vector<PolicyRef> deciding_policies(const SubjectPolicy& subject, const Judgement& judgement) {
  std::vector<PolicyRef> refs;
  for (const Item* item : judgement.decided_by) {
    for (const Written& source : item->sources) add_once(refs, source.policy->ref(source.entry));
  }
  if (refs.empty() && judgement.because == Because::kDefaultDeny) return selecting_policies(subject);
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
      const std::vector<PolicyRef> refs = selecting_policies(subject);
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
  if (judgement.by_chance) {
    return "this release of Cilium leaves it to chance: CIDR groups list the source's prefix with different values of "
           "one label";
  }
  return "a rule that cannot be computed could change it";
}

namespace {

struct Considered {
  RuleTrace trace{};
  int rank = 0;  // 0 matched, 1 the port matched, 2 the peer matched, 3 neither
};

std::string peer_mismatch(const Entry& entry, const std::string& labels) {
  if (entry.peers.nobody) return "it names nobody";
  constexpr std::size_t kShown = 4;
  std::string text = "the source (" + labels + ") is none of its peers";
  std::size_t shown = 0;
  for (const Prefix& prefix : entry.peers.prefixes) {
    if (shown++ == kShown) return text + ", …";
    text += (shown == 1 ? ": " : ", ") + prefix.to_string();
  }
  return text;
}

std::string port_mismatch(const Question& question) {
  return port_text(question.protocol, question.port) + " is not among its ports";
}

Considered consider(const Question& question, const std::vector<bool>& concerned, const Policy& policy,
                    const Entry& entry, const std::string& labels) {
  bool peer = false, port = entry.any_port, both = false;
  for (std::size_t i = 0; i < question.subject.items.size(); ++i) {
    const Item& item = question.subject.items[i];
    if (std::ranges::find(item.sources, &entry, &Written::entry) == item.sources.end()) continue;
    const bool covers = item.covers(question.protocol, question.port);
    peer = peer || concerned[i];
    port = port || covers;
    both = both || (covers && concerned[i]);
  }
  Considered result{.trace = {.policy = policy.ref(&entry), .matched = both, .deny = entry.action == Action::kDeny}};
  result.rank = both ? 0 : port ? 1 : peer ? 2 : 3;
  if (both) {
    result.trace.detail = entry.action == Action::kDeny   ? "matches, and denies"
                          : entry.action == Action::kPass ? "matches, and passes on to the next tier"
                                                          : "matches, and allows";
  } else if (entry.ports.empty() && entry.peers.nobody) {
    result.trace.detail = "allows nobody: it only closes what no rule allows";
  } else if (peer) {
    result.trace.detail = port_mismatch(question);
  } else {
    result.trace.detail = peer_mismatch(entry, labels);
    if (!port) result.trace.detail += ", and " + port_mismatch(question);
  }
  return result;
}

}  // namespace

std::vector<RuleTrace> trace(const Question& question) {
  const std::vector<bool> concerned = sight_of(question.subject, question.peer).concerned;
  const std::string labels = question.identities.labels(question.peer.id).to_string(question.symbols);
  std::vector<Considered> considered;
  for (const auto& [policy, entry] : question.subject.selecting) {
    considered.push_back(consider(question, concerned, *policy, *entry, labels));
  }
  std::ranges::stable_sort(considered, {}, &Considered::rank);
  std::vector<RuleTrace> traces;
  traces.reserve(considered.size());
  for (Considered& one : considered) traces.push_back(std::move(one.trace));
  return traces;
}

}  // namespace sextant::policy
