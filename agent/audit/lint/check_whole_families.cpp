// one-family, world-prefix: rules that name a whole address family.
//
// ::/0 without 0.0.0.0/0 is said of clusters that have IPv4: dual stack by the options, or by an IPv4 address of a pod
// or a service. ::/0 with exceptions is left alone, for world has none, and so is NetworkPolicy, which has no world.
#include <algorithm>

#include "agent/audit/lint/checks.h"
#include "agent/policy/labels.h"

namespace sextant::audit::lint {
namespace {

struct Families {
  bool v4 = false;
  bool v6 = false;
  bool world = false;                       // everybody, by another name
  const WrittenPrefix* v6_plain = nullptr;  // ::/0 without exceptions
};

Families families_of(const RuleView& rule, const std::vector<WrittenPrefix>& written) {
  Families families{.world = names_entity(rule, "world") || names_entity(rule, "all")};
  std::vector<Prefix> v4;
  std::vector<Prefix> v6;
  for (const WrittenPrefix& one : written) {
    const auto prefix = Prefix::parse(one.text);
    if (!prefix || one.is_except) continue;
    (prefix->is_v4() ? v4 : v6).push_back(*prefix);
    if (*prefix == kAllV6 && !one.has_except) families.v6_plain = &one;
  }
  const auto whole = [](std::vector<Prefix> prefixes) {
    return std::ranges::any_of(minimize(std::move(prefixes)), policy::is_zero_prefix);
  };
  families.v4 = whole(std::move(v4));
  families.v6 = whole(std::move(v6));
  return families;
}

bool has_v4(const std::vector<IpAddress>& addresses) { return std::ranges::any_of(addresses, &IpAddress::is_v4); }

bool has_v4(const Tree& tree) {
  const World& world = tree.given();
  return tree.options().dual_stack ||
         std::ranges::any_of(world.pods(), [](const auto& pod) { return has_v4(pod.second.addresses); }) ||
         std::ranges::any_of(world.services(), [](const auto& s) {
           return has_v4(s.second.cluster_ips) || has_v4(s.second.load_balancer_ips);
         });
}

// A document's content, whatever its positions.
std::string content_of(const Document& document) {
  std::string text = std::to_string(static_cast<int>(document.kind)) + document.text + std::to_string(document.integer);
  for (const Document& item : document.items) text += "[" + content_of(item) + "]";
  for (const auto& [key, value] : document.members) text += "{" + key + ":" + content_of(value) + "}";
  return text;
}

// What the rule says of ports: rules that say the same are read together.
std::string ports_text(const RuleView& rule) {
  std::string text;
  for (const std::string_view member : {"toPorts", "icmps", "ports"}) {
    if (const Document* list = rule.document->get(member)) text += std::string(member) + content_of(*list);
  }
  return text;
}

// Whether another rule of the spec with the same ports names what this one leaves out.
bool completed_elsewhere(const SpecView& spec, const RuleView& rule, bool want_v6) {
  return std::ranges::any_of(spec.rules, [&](const RuleView& other) {
    if (&other == &rule || other.deny != rule.deny || ports_text(other) != ports_text(rule)) return false;
    const auto written = prefixes_of(other);
    const Families families = families_of(other, written);
    return families.world || (want_v6 ? families.v6 : families.v4);
  });
}

std::string without_family(const RuleView& rule, std::string_view named, std::string_view other) {
  const std::string family = other == "::/0" ? "IPv6" : "IPv4";
  return "names " + std::string(named) + " and not " + std::string(other) +
         (rule.deny ? ": the whole " + family + " internet is not denied" : ": nobody with " + family + " is let in");
}

}  // namespace

void check_whole_families(const Tree& tree, Remarks& remarks) {
  const bool v4_here = has_v4(tree);
  for_each_rule(tree, [&](const PolicyView& policy, const SpecView& spec, const RuleView& rule) {
    const auto written = prefixes_of(rule);
    const Families families = families_of(rule, written);
    const PolicyRef place = policy.at(rule.where, rule.document);
    if (families.v4 && !families.v6 && !families.world && !completed_elsewhere(spec, rule, true)) {
      remarks.push_back({ReasonId::kOneFamily, place, without_family(rule, "0.0.0.0/0", "::/0"),
                         policy.of_cilium() ? "say fromEntities: [world], which is both" : "add an ipBlock with ::/0"});
    }
    if (v4_here && families.v6 && !families.v4 && !families.world && !completed_elsewhere(spec, rule, false)) {
      remarks.push_back(
          {ReasonId::kOneFamily, place, without_family(rule, "::/0", "0.0.0.0/0"),
           policy.of_cilium() ? "say fromEntities: [world], which is both" : "add an ipBlock with 0.0.0.0/0"});
    }
    if (!policy.of_cilium() || families.v6_plain == nullptr || families.world) return;
    remarks.push_back({ReasonId::kWorldPrefix, policy.at(families.v6_plain->where, families.v6_plain->document),
                       "::/0 is everyone outside the cluster: no pod and no node matches it" +
                           std::string(rule.deny ? ", so that they are not denied" : "") +
                           (v4_here && !families.v4 ? ", and nobody with IPv4" : ""),
                       "say fromEntities: [world], or [all] where pods and nodes are meant too"});
  });
}

}  // namespace sextant::audit::lint
