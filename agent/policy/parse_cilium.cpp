// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (pkg/policy/api/rule_validation.go,
// pkg/policy/utils/parserules.go).
#include <algorithm>

#include "agent/policy/l7.h"
#include "agent/policy/parse_internal.h"
#include "agent/policy/ports.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

std::size_t length(const Document* list) { return list != nullptr ? list->items.size() : 0; }

AuthMode read_auth(const Document& rule, const Path& path, Report& report) {
  const Document* auth = Fields(rule, path, report).map("authentication");
  if (auth == nullptr) return AuthMode::kUnset;
  const Path at = path / "authentication";
  const std::string mode = Fields(*auth, at, report).text("mode");
  if (mode == "disabled") return AuthMode::kDisabled;
  if (mode == "required") return AuthMode::kRequired;
  if (mode == "test-always-fail") return AuthMode::kAlwaysFail;
  return AuthMode::kUnset;  // the agent takes what it does not know for none
}

// toPorts and icmps of one element, in either direction.
std::vector<PortRule> read_port_rules(const Document& rule, const Path& path, const PortReading& reading,
                                      Report& report) {
  const Fields fields(rule, path, report);
  const Document* to_ports = fields.list("toPorts");
  const Document* icmps = fields.list("icmps");
  if (length(to_ports) > 0 && length(icmps) > 0) report.reject(path, "icmps and toPorts exclude each other");
  std::vector<PortRule> rules;
  if (to_ports != nullptr) {
    const L7Kinds kinds = l7_kinds(*to_ports, reading.release);
    if (reading.ingress && reading.node && kinds.any)
      report.reject(path / "toPorts", "L7 rules are not supported on nodes");
    if (!reading.ingress && reading.node && (kinds.http || kinds.kafka)) {
      report.reject(path / "toPorts", "L7 rules other than DNS are not supported on nodes");
    }
    rules = read_to_ports(*to_ports, path / "toPorts", reading, report);
  }
  if (icmps != nullptr)
    std::ranges::move(read_icmps(*icmps, path / "icmps", reading.release, report), std::back_inserter(rules));
  return rules;
}

class SpecReader {
 public:
  SpecReader(const ParseContext& context, Policy& policy, Report& report)
      : context_(context), policy_(policy), report_(report) {}

  // `single`: it is the object's spec, not one of its specs.
  void read(const Document& document, const Path& path, bool clusterwide, bool single) {
    const Fields fields(document, path, report_);
    fields.note_unknown({"endpointSelector", "nodeSelector", "ingress", "ingressDeny", "egress", "egressDeny", "labels",
                         "enableDefaultDeny", "description", "log"});
    Spec spec{.where = path.to_string()};
    read_subject(document, path, clusterwide, single, spec);
    const Document* ingress = fields.list("ingress");
    const Document* ingress_deny = fields.list("ingressDeny");
    const Document* egress = fields.list("egress");
    const Document* egress_deny = fields.list("egressDeny");
    if (length(ingress) + length(ingress_deny) + length(egress) + length(egress_deny) == 0) {
      report_.reject(path, "none of ingress, ingressDeny, egress and egressDeny has an element");
    }
    const bool default_deny = reads_default_deny(document, path);
    read_ingress(ingress, path / "ingress", Action::kAllow, default_deny, spec);
    read_ingress(ingress_deny, path / "ingressDeny", Action::kDeny, default_deny, spec);
    check_egress(egress, path / "egress", false, spec.node);
    check_egress(egress_deny, path / "egressDeny", true, spec.node);
    policy_.specs.push_back(std::move(spec));
  }

 private:
  void read_subject(const Document& document, const Path& path, bool clusterwide, bool single, Spec& spec) {
    const Fields fields(document, path, report_);
    const Document* endpoints = fields.map("endpointSelector");
    const Document* nodes = fields.map("nodeSelector");
    if (endpoints == nullptr && nodes == nullptr) report_.reject(path, "endpointSelector or nodeSelector is needed");
    if (endpoints != nullptr && nodes != nullptr)
      report_.reject(path, "endpointSelector and nodeSelector exclude each other");
    if (nodes != nullptr && !clusterwide) refuse_nodes(path / "nodeSelector", single);
    if (nodes != nullptr) {
      spec.node = true;
      spec.subject = context_.selectors.read(*nodes, path / "nodeSelector", KeyStyle::kCilium, report_);
    }
    if (endpoints == nullptr) return;
    spec.subject = context_.selectors.read(*endpoints, path / "endpointSelector", KeyStyle::kCilium, report_);
    peers_.subject_may_be_init = spec.subject.has_key(kReserved, kInitKey);
    if (clusterwide) return;
    spec.subject.force(context_.selectors.equals(kK8s, kNamespaceKey, context_.ns));
  }

  void refuse_nodes(const Path& path, bool single) {
    constexpr std::string_view kOnlyClusterwide = "is for CiliumClusterwideNetworkPolicy only";
    if (single || has(context_.options.release, Trait::kNodeSelectorRefusedInSpecs)) {
      report_.reject(path, kOnlyClusterwide);
    } else {
      report_.note(path, kOnlyClusterwide);
    }
  }

  // enableDefaultDeny.ingress; unset it follows the presence of rules, and rules ask for it.
  bool reads_default_deny(const Document& document, const Path& path) {
    const Document* found = Fields(document, path, report_).map("enableDefaultDeny");
    if (found == nullptr) return true;
    const Path at = path / "enableDefaultDeny";
    const Fields fields(*found, at, report_);
    fields.note_unknown({"ingress", "egress"});
    fields.boolean("egress");
    return fields.boolean("ingress").value_or(true);
  }

  void read_ingress(const Document* list, const Path& path, Action action, bool default_deny, Spec& spec) {
    if (list == nullptr) return;
    const bool deny = action == Action::kDeny;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const Document& rule = list->items[i];
      const Path at = path[i];
      const Fields fields(rule, at, report_);
      fields.note_unknown({"fromEndpoints", "fromRequires", "fromCIDR", "fromCIDRSet", "fromEntities", "fromGroups",
                           "fromNodes", "toPorts", "icmps", deny ? "toPorts" : "authentication"});
      Entry entry{.action = action, .default_deny = default_deny, .where = at.to_string(), .line = rule.line};
      entry.peers = read_ingress_peers(rule, at, peers_, deny ? spec.deny_requires : spec.allow_requires, report_);
      const PortReading reading{.release = context_.options.release, .ingress = true, .deny = deny, .node = spec.node};
      entry.ports = read_port_rules(rule, at, reading, report_);
      entry.any_port = entry.ports.empty();
      // Nobody and nothing named: the element only asks for default deny.
      if (entry.any_port && entry.peers.everyone && entry.peers.selectors.empty()) entry.peers = {.nobody = true};
      if (!deny) entry.auth = read_auth(rule, at, report_);
      policy_.prefixes.insert(policy_.prefixes.end(), entry.peers.prefixes.begin(), entry.peers.prefixes.end());
      spec.entries.push_back(std::move(entry));
    }
  }

  void check_egress(const Document* list, const Path& path, bool deny, bool node) {
    if (list == nullptr) return;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const Path at = path[i];
      const Document& rule = list->items[i];
      Fields(rule, at, report_)
          .note_unknown({"toEndpoints", "toRequires", "toCIDR", "toCIDRSet", "toEntities", "toServices", "toGroups",
                         "toNodes", "toFQDNs", "toPorts", "icmps", "authentication"});
      check_egress_peers(rule, at, peers_, deny, policy_.prefixes, report_);
      if (!deny) read_auth(rule, at, report_);
      read_port_rules(rule, at, {.release = context_.options.release, .ingress = false, .deny = deny, .node = node},
                      report_);
    }
  }

  const ParseContext& context_;
  PeerContext peers_{context_.peers()};
  Policy& policy_;
  Report& report_;
};

}  // namespace

void parse_cilium_policy(const Document& body, const ParseContext& context, bool clusterwide, Policy& policy,
                         Report& report) {
  const Path root("");
  const Fields fields(body, root, report);
  const Document* spec = fields.map("spec");
  const Document* specs = fields.list("specs");
  if (spec == nullptr && specs == nullptr) report.reject(Path("spec"), "spec or specs is needed");
  if (policy.key.name.empty()) report.reject(Path("metadata.name"), "is needed");
  if (spec != nullptr) SpecReader(context, policy, report).read(*spec, Path("spec"), clusterwide, true);
  if (specs == nullptr) return;
  const Path path("specs");
  for (std::size_t i = 0; i < specs->items.size(); ++i) {
    SpecReader(context, policy, report).read(specs->items[i], path[i], clusterwide, false);
  }
}

}  // namespace sextant::policy
