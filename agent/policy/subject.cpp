#include "agent/policy/subject.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>
#include <tuple>

#include "agent/policy/merge.h"
#include "agent/policy/overlaps.h"
#include "agent/policy/ports.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// pkg/types/portmap.go: one protocol and number per name; of several the last.
std::map<std::string, ContainerPort> named_ports(const Subjectivity& subject) {
  std::map<std::string, ContainerPort> named;
  if (subject.ports == nullptr) return named;
  for (const ContainerPort& port : *subject.ports) {
    if (port.port != 0 && is_service_name(port.name)) named[lower(port.name)] = port;
  }
  return named;
}

// Where an object stands in the order of Cilium's resource identifiers: "ccnp", "cnp", "kcnp", "netpol".
int resource_order(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kCiliumClusterwideNetworkPolicy:
      return 0;
    case ObjectKind::kCiliumNetworkPolicy:
      return 1;
    case ObjectKind::kClusterNetworkPolicy:
      return 2;
    default:
      return 3;
  }
}

// The order in which Cilium merges what is of one tier (pkg/policy/rules.go:sort).
bool merged_before(const RawItem& a, const RawItem& b) {
  const ObjectKey& one = a.item.sources.front().policy->key;
  const ObjectKey& other = b.item.sources.front().policy->key;
  return std::tuple(a.item.priority, resource_order(one.kind), std::tie(one.ns, one.name)) <
         std::tuple(b.item.priority, resource_order(other.kind), std::tie(other.ns, other.name));
}

class Builder {
 public:
  Builder(const Subjectivity& subject, const Options& options, const Identities& identities)
      : subject_(subject), options_(options), identities_(identities), named_(named_ports(subject)) {}

  SubjectPolicy build(const std::vector<SelectedSpec>& selected) {
    if (!enforceable()) return std::move(result_);
    gather_requirements(selected);
    for (const SelectedSpec& spec : selected) add_spec(spec);
    name_selecting();
    merge();
    settle_enforcement();
    std::ranges::stable_sort(result_.items, [](const Item& a, const Item& b) {
      return std::pair(a.tier, a.priority) < std::pair(b.tier, b.priority);
    });
    result_.overlaps = overlaps(result_);
    return std::move(result_);
  }

 private:
  bool has_label(Symbol key) const { return subject_.labels->find(key) != nullptr; }

  // pkg/policy/repository.go:computePolicyEnforcementAndRules.
  bool enforceable() {
    result_.otherwise = Because::kNotEnforced;
    const bool host = subject_.host || (has(options_.release, Trait::kHostByLabel) && has_label(kHostKey));
    if (host && !options_.enable_host_firewall) return false;
    if (options_.enable_policy == EnablePolicy::kNever) return false;
    result_.otherwise = Because::kDefaultAllow;
    result_.always = options_.enable_policy == EnablePolicy::kAlways || has_label(kInitKey);
    return true;
  }

  void gather_requirements(const std::vector<SelectedSpec>& selected) {
    if (!has(options_.release, Trait::kFromRequires)) return;
    for (const SelectedSpec& one : selected) {
      const Spec& spec = one.spec();
      allow_requires_.insert(allow_requires_.end(), spec.allow_requires.begin(), spec.allow_requires.end());
      deny_requires_.insert(deny_requires_.end(), spec.deny_requires.begin(), spec.deny_requires.end());
    }
  }

  void add_spec(const SelectedSpec& selected) {
    const Policy& policy = selected.policy->policy;
    const std::vector<Entry>& entries = selected.spec().entries;
    for (std::size_t e = 0; e < entries.size(); ++e) {
      const Entry& entry = entries[e];
      result_.selected = true;
      result_.default_deny = result_.default_deny || entry.default_deny;
      result_.selecting.push_back({&policy, &entry});
      if (!entry.peers.nobody) add_entry(policy, entry, selected.policy->matchers[selected.index][e]);
    }
  }

  void name_selecting() {
    std::vector<PolicyRef> selecting, closing;
    const Policy* selected = nullptr;  // specs of one policy follow each other
    const Policy* closed = nullptr;
    for (const auto& [policy, entry] : result_.selecting) {
      if (policy != std::exchange(selected, policy)) selecting.push_back(policy->ref(nullptr));
      if (entry->default_deny && policy != std::exchange(closed, policy)) closing.push_back(policy->ref(nullptr));
    }
    result_.closing_policies = std::move(closing);
    result_.selecting_policies = std::move(selecting);
    if (result_.closing_policies == result_.selecting_policies) result_.closing_policies = result_.selecting_policies;
  }

  void add_entry(const Policy& policy, const Entry& entry, std::shared_ptr<const Matcher> matcher) {
    Item item{.sources = {{&policy, &entry}}, .tier = entry.tier, .priority = entry.priority, .auth = entry.auth};
    item.rank = entry.action == Action::kDeny ? kDenyRank : entry.action == Action::kPass ? kPassRank : kAllowRank;
    item.uncertain = !entry.peers.unknown.empty();
    item.peers = peers_of(entry, std::move(matcher));
    result_.uncertain = result_.uncertain || item.uncertain;
    result_.authenticates = result_.authenticates || entry.auth != AuthMode::kUnset;
    if (entry.any_port) {
      static const Redirect kNone;
      raw_.push_back({.item = std::move(item), .redirect = &kNone});
      return;
    }
    for (const PortRule& rule : entry.ports) {
      for (const PortItem& port : rule.ports) add_port(item, rule, port);
    }
  }

  // null: everyone.
  std::shared_ptr<const Matcher> peers_of(const Entry& entry, std::shared_ptr<const Matcher> matcher) {
    const std::vector<Requirement>& required = entry.action == Action::kDeny ? deny_requires_ : allow_requires_;
    const bool of_endpoints = std::ranges::any_of(entry.peers.selectors, &Selector::of_endpoints);
    if (required.empty() || !of_endpoints) return entry.peers.everyone ? nullptr : std::move(matcher);
    std::vector<Selector> selectors = entry.peers.selectors;
    for (Selector& selector : selectors) {
      if (!selector.of_endpoints) continue;
      for (const Requirement& r : required) selector.require(r);
    }
    return std::make_shared<const Matcher>(std::move(selectors), identities_);
  }

  void add_port(const Item& base, const PortRule& rule, const PortItem& port) {
    if (port.protocol != Protocol::kAny) {
      add_protocol(base, rule, port, port.protocol);
      return;
    }
    for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp})
      add_protocol(base, rule, port, protocol);
  }

  void add_protocol(const Item& base, const PortRule& rule, const PortItem& port, Protocol protocol) {
    Item item = base;
    item.protocol = protocol;
    std::uint16_t first = port.port;
    if (!port.name.empty()) {
      const auto named = named_.find(port.name);
      if (named == named_.end() || named->second.protocol != protocol) return;  // undefined: adds nothing
      first = named->second.port;
    }
    set_range(item, first, port.end_port);
    if (item.rank == kAllowRank && rule.redirect.any()) {
      const bool applies = protocol == Protocol::kTcp || rule.redirect.parser == "tls" || rule.redirect.parser == "dns";
      if (applies) item.rank = redirect_rank(rule.redirect.priority);
    }
    raw_.push_back({.item = std::move(item), .redirect = &rule.redirect, .port = &port});
  }

  void merge() {
    if (needs_merging(raw_, result_.authenticates)) {
      std::ranges::stable_sort(raw_, merged_before);
      result_.broken = merge_items(raw_, options_.release, identities_, result_.items);
      return;
    }
    for (RawItem& raw : raw_) result_.items.push_back(std::move(raw.item));
  }

  // pkg/policy/portrange.go; the wildcard port stands for all.
  void set_range(Item& item, std::uint16_t first, std::uint16_t end) const {
    const bool all = first == 0 && (end == 0 || end == 65535 || has(options_.release, Trait::kZeroPortRangeIsAll));
    item.first_port = all ? 0 : first;
    item.last_port = all ? 65535 : std::max(first, end);
  }

  void settle_enforcement() {
    const bool last_tier = has(options_.release, Trait::kHostAllowanceIsLastTier);
    const Tier tier = last_tier ? Tier::kDefault : Tier::kNormal;
    result_.applies = result_.selected || result_.always;
    if (!result_.applies) return;
    if (!result_.default_deny && !result_.always) result_.items.push_back({.tier = tier});
    result_.default_deny = result_.default_deny || result_.always;
    const bool host_let_in = last_tier ? result_.selected && result_.default_deny : true;
    if (options_.allow_localhost && !subject_.host && host_let_in) {
      result_.items.push_back({.host_only = true, .tier = tier});
    }
  }

  const Subjectivity& subject_;
  const Options& options_;
  const Identities& identities_;
  std::map<std::string, ContainerPort> named_;
  std::vector<Requirement> allow_requires_{};
  std::vector<Requirement> deny_requires_{};
  std::vector<RawItem> raw_{};
  SubjectPolicy result_{};
};

}  // namespace

std::uint8_t redirect_rank(std::uint8_t listener_priority) {
  if (listener_priority == 0) return kLastRedirectRank;
  return static_cast<std::uint8_t>(255 - std::min<std::uint8_t>(listener_priority, 126));
}

bool selects(const Spec& spec, const LabelSet& labels, bool host) {
  const bool says_anything = !spec.entries.empty() || !spec.allow_requires.empty() || !spec.deny_requires.empty();
  return says_anything && spec.node == host && spec.subject.matches(labels);
}

bool names_ports(const Spec& spec) {
  return std::ranges::any_of(spec.entries, [](const Entry& entry) {
    return std::ranges::any_of(entry.ports, [](const PortRule& rule) {
      return std::ranges::any_of(rule.ports, [](const PortItem& port) { return !port.name.empty(); });
    });
  });
}

SubjectPolicy build_subject(const Subjectivity& subject, const std::vector<SelectedSpec>& selected,
                            const Options& options, const Identities& identities) {
  return Builder(subject, options, identities).build(selected);
}

}  // namespace sextant::policy
