// NetworkPolicy as Cilium translates it (pkg/k8s/network_policy.go:ParseNetworkPolicy).
#include <algorithm>

#include "agent/policy/parse_internal.h"
#include "agent/policy/ports.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

bool names_cluster(const Document* pod_selector) {
  if (pod_selector == nullptr) return false;
  if (const Document* labels = pod_selector->get("matchLabels");
      labels != nullptr && !labels->string_at(kClusterKey).empty()) {
    return true;
  }
  const Document* expressions = pod_selector->get("matchExpressions");
  return expressions != nullptr &&
         std::ranges::any_of(expressions->items, [](const Document& e) { return e.string_at("key") == kClusterKey; });
}

class Reader {
 public:
  Reader(const ParseContext& context, Policy& policy, Report& report)
      : context_(context), ns_(context.ns.empty() ? "default" : context.ns), policy_(policy), report_(report) {}

  void read(const Document& spec) {
    const Path path("spec");
    const Fields fields(spec, path, report_);
    fields.note_unknown({"podSelector", "policyTypes", "ingress", "egress"});
    const Document* ingress = fields.list("ingress");
    const Document* egress = fields.list("egress");
    const std::vector<std::string> types = fields.texts("policyTypes").value_or(std::vector<std::string>{});
    Spec result{.where = path.to_string()};
    result.subject = subject(fields.map("podSelector"), path / "podSelector");
    if (ingress != nullptr) {
      for (std::size_t i = 0; i < ingress->items.size(); ++i)
        read_rule(ingress->items[i], (path / "ingress")[i], result);
    }
    if (egress != nullptr) {
      for (std::size_t i = 0; i < egress->items.size(); ++i) check_egress(egress->items[i], (path / "egress")[i]);
    }
    // policyTypes count only where there is no rule: a deviation from Kubernetes.
    const auto has_type = [&](std::string_view type) { return std::ranges::find(types, type) != types.end(); };
    if (result.entries.empty() && (has_type("Ingress") || !has_type("Egress"))) {
      result.entries.push_back({.peers = {.nobody = true}, .any_port = true, .where = "spec", .line = spec.line});
    }
    policy_.specs.push_back(std::move(result));
  }

 private:
  Selector subject(const Document* selector, const Path& path) {
    Selector result;
    if (selector != nullptr) result = context_.selectors.read(*selector, path, KeyStyle::kKubernetes, report_);
    force_namespace(result, selector);
    return result;
  }

  // The policy's namespace takes the place of one that matchLabels names.
  void force_namespace(Selector& selector, const Document* written) {
    Requirement own = context_.selectors.equals(kK8s, kNamespaceKey, ns_);
    if (written != nullptr && written->at({"matchLabels", kNamespaceKey}) != nullptr) {
      selector.force(std::move(own));
    } else {
      selector.require(std::move(own));
    }
  }

  void read_rule(const Document& rule, const Path& path, Spec& spec) {
    const Fields fields(rule, path, report_);
    fields.note_unknown({"from", "ports"});
    const Document* from = fields.list("from");
    const Document* ports = fields.list("ports");
    Entry base{.where = path.to_string(), .line = rule.line};
    if (ports != nullptr && !ports->items.empty()) {
      base.ports = read_network_policy_ports(*ports, path / "ports", context_.options.release, report_);
    }
    base.any_port = base.ports.empty();
    if (from == nullptr || from->items.empty()) {
      base.peers = {.selectors = {Selector{.of_endpoints = true}}, .everyone = true};
      spec.entries.push_back(std::move(base));
      return;
    }
    const Path at = path / "from";
    for (std::size_t i = 0; i < from->items.size(); ++i) {
      Entry entry = base;
      const Path here = at[i];
      entry.where = here.to_string();
      if (from->items[i].line != 0) entry.line = from->items[i].line;
      entry.peers = read_peer(from->items[i], here, true);
      // A peer that names nothing selects nobody; as a rule of Cilium's own, with ports, it is everyone.
      if (entry.peers.selectors.empty()) {
        const bool everyone = has(context_.options.release, Trait::kNetworkPolicyValidated) && !entry.any_port;
        entry.peers = {.everyone = everyone, .nobody = !everyone};
      }
      policy_.prefixes.insert(policy_.prefixes.end(), entry.peers.prefixes.begin(), entry.peers.prefixes.end());
      spec.entries.push_back(std::move(entry));
    }
  }

  Peers read_peer(const Document& peer, const Path& path, bool ingress) {
    const Release release = context_.options.release;
    const Fields fields(peer, path, report_);
    fields.note_unknown({"podSelector", "namespaceSelector", "ipBlock"});
    const Document* pods = fields.map("podSelector");
    const Document* namespaces = fields.map("namespaceSelector");
    const Document* block = fields.map("ipBlock");
    const bool validated = has(release, Trait::kNetworkPolicyValidated);
    Peers peers;
    if (block != nullptr && has(release, Trait::kIpBlockExclusive)) {
      add_ip_block(*block, path / "ipBlock", context_.peers(), validated, peers, report_);
      return peers;
    }
    const bool scoped = !context_.peers().cluster.empty() && !names_cluster(pods);
    // A cluster to limit to makes a podSelector of none: with ipBlock that is CVE-2026-56743.
    const bool invented = pods == nullptr && namespaces == nullptr && scoped && ingress;
    const bool selects = pods != nullptr || namespaces != nullptr || invented ||
                         (has(release, Trait::kIpBlockExclusive) && block == nullptr);
    if (selects) {
      Selector selector;
      if (namespaces != nullptr) selector = namespace_selector(*namespaces, path / "namespaceSelector");
      if (pods != nullptr) {
        Selector pod = context_.selectors.read(*pods, path / "podSelector", KeyStyle::kKubernetes, report_);
        selector.unreadable = selector.unreadable || pod.unreadable;
        for (Requirement& r : pod.requirements) selector.require(std::move(r));
      }
      if (namespaces == nullptr) force_namespace(selector, pods);
      if (scoped) selector.require(context_.selectors.equals(kK8s, kClusterKey, context_.peers().cluster));
      if (selector.unreadable) selector = {};  // the other half, namespace and cluster are lost with it
      selector.of_endpoints = true;
      peers.selectors.push_back(std::move(selector));
    }
    if (block != nullptr) {
      if (validated && !peers.selectors.empty())
        report_.reject(path, "combining ipBlock with selectors is not supported");
      add_ip_block(*block, path / "ipBlock", context_.peers(), validated, peers, report_);
    }
    peers.everyone = std::ranges::any_of(peers.selectors, &Selector::everyone);
    return peers;
  }

  Selector namespace_selector(const Document& document, const Path& path) {
    Selector selector = context_.selectors.read_namespace_selector(document, path, report_);
    if (selector.requirements.empty()) selector.require(context_.selectors.exists(kK8s, kNamespaceKey));
    return selector;
  }

  void check_egress(const Document& rule, const Path& path) {
    const Fields fields(rule, path, report_);
    if (const Document* ports = fields.list("ports")) {
      read_network_policy_ports(*ports, path / "ports", context_.options.release, report_);
    }
    const Document* to = fields.list("to");
    if (to == nullptr) return;
    for (std::size_t i = 0; i < to->items.size(); ++i) {
      const Peers peers = read_peer(to->items[i], (path / "to")[i], false);
      policy_.prefixes.insert(policy_.prefixes.end(), peers.prefixes.begin(), peers.prefixes.end());
    }
  }

  const ParseContext& context_;
  std::string_view ns_;
  Policy& policy_;
  Report& report_;
};

}  // namespace

void parse_network_policy(const Document& body, const ParseContext& context, Policy& policy, Report& report) {
  const Path root("");
  const Document* spec = Fields(body, root, report).map("spec");
  const Document none{.kind = Document::Kind::kMap};
  Reader(context, policy, report).read(spec != nullptr ? *spec : none);
}

}  // namespace sextant::policy
