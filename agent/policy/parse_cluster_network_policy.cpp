// ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2 (pkg/k8s/cluster_network_policy.go).
#include <algorithm>

#include "agent/policy/l7.h"
#include "agent/policy/parse_internal.h"
#include "agent/policy/ports.h"

namespace sextant::policy {
namespace {

class Reader {
 public:
  Reader(const ParseContext& context, Policy& policy, Report& report)
      : context_(context), policy_(policy), report_(report) {}

  void read(const Document& spec) {
    const Path path("spec");
    const Fields fields(spec, path, report_);
    fields.note_unknown({"tier", "priority", "subject", "ingress", "egress"});
    const Tier tier = fields.text("tier") == "Baseline" ? Tier::kBaseline : Tier::kAdmin;
    const auto priority = static_cast<double>(fields.integer("priority", 0, INT32_MAX).value_or(0));
    Spec result{.where = "spec"};
    const Document* subject = fields.map("subject");
    if (subject == nullptr || !read_subject(*subject, path / "subject", result.subject)) {
      report_.reject(path / "subject", "names neither namespaces nor pods");
    }
    if (const Document* ingress = fields.list("ingress")) {
      for (std::size_t i = 0; i < ingress->items.size(); ++i) {
        read_rule(ingress->items[i], (path / "ingress")[i], tier, priority + static_cast<double>(i) / 100, result);
      }
    }
    if (const Document* egress = fields.list("egress")) check_egress(*egress, path / "egress");
    policy_.specs.push_back(std::move(result));
  }

 private:
  Selector namespaces(const Document& document, const Path& path) {
    Selector selector = context_.selectors.read_namespace_selector(document, path, report_);
    if (selector.requirements.empty()) selector.require(context_.selectors.exists(kK8s, kNamespaceKey));
    return selector;
  }

  Selector pods(const Document& document, const Path& path, bool scoped) {
    const Fields fields(document, path, report_);
    const Document none{.kind = Document::Kind::kMap};
    const Document* ns = fields.map("namespaceSelector");
    const Document* pod = fields.map("podSelector");
    Selector selector = namespaces(ns != nullptr ? *ns : none, path / "namespaceSelector");
    if (pod != nullptr) {
      Selector labels = context_.selectors.read(*pod, path / "podSelector", KeyStyle::kKubernetes, report_);
      for (Requirement& r : labels.requirements) selector.require(std::move(r));
    }
    if (scoped) scope_to_cluster(selector, context_.peers());
    return selector;
  }

  bool read_subject(const Document& subject, const Path& path, Selector& selector) {
    const Fields fields(subject, path, report_);
    if (const Document* ns = fields.map("namespaces")) {
      selector = namespaces(*ns, path / "namespaces");
      return true;
    }
    const Document* named = fields.map("pods");
    if (named == nullptr) return false;
    selector = pods(*named, path / "pods", false);
    return true;
  }

  void read_rule(const Document& rule, const Path& path, Tier tier, double priority, Spec& spec) {
    const Fields fields(rule, path, report_);
    fields.note_unknown({"name", "action", "from", "protocols"});
    const std::string action = fields.text("action");
    Entry base{.action = action == "Deny"   ? Action::kDeny
                         : action == "Pass" ? Action::kPass
                                            : Action::kAllow,
               .tier = tier,
               .priority = priority,
               .default_deny = false,
               .where = path.to_string(),
               .line = rule.line};
    if (const Document* protocols = fields.list("protocols"); protocols != nullptr && !protocols->items.empty()) {
      base.ports = read_protocols(*protocols, path / "protocols", report_);
    }
    base.any_port = base.ports.empty();
    const Document* from = fields.list("from");
    if (from == nullptr || from->items.empty()) {
      base.peers = {.selectors = {Selector{}}, .everyone = true};
      spec.entries.push_back(std::move(base));
      return;
    }
    const Path at = path / "from";
    for (std::size_t i = 0; i < from->items.size(); ++i) read_peer(from->items[i], at[i], base, spec);
  }

  void read_peer(const Document& peer, const Path& path, Entry entry, Spec& spec) {
    const Fields fields(peer, path, report_);
    entry.where = path.to_string();
    if (peer.line != 0) entry.line = peer.line;
    if (const Document* named = fields.map("pods")) {
      entry.peers.selectors.push_back(pods(*named, path / "pods", true));
    } else if (const Document* ns = fields.map("namespaces")) {
      entry.peers.selectors.push_back(namespaces(*ns, path / "namespaces"));
    } else if (entry.action == Action::kAllow) {
      report_.note(path, "names no peer that is known: the rule accepts nobody");
      return;
    } else {
      report_.note(path, "names no peer that is known: the rule denies everybody");
      entry.action = Action::kDeny;
      entry.peers = {.selectors = {Selector{}}, .everyone = true};
    }
    spec.entries.push_back(std::move(entry));
  }

  // Egress decides nothing here, but what Cilium does not support in it refuses the whole object.
  void check_egress(const Document& list, const Path& path) {
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const Path at = path[i];
      const Fields fields(list.items[i], at, report_);
      const std::string action = fields.text("action");
      const Document* to = fields.list("to");
      if (to == nullptr) continue;
      const Path here = at / "to";
      for (std::size_t p = 0; p < to->items.size(); ++p) {
        check_egress_peer(to->items[p], here[p], action == "Deny" || action == "Pass");
      }
    }
  }

  // Of several members the first counts, in this order.
  void check_egress_peer(const Document& peer, const Path& path, bool refuses) {
    if (peer.get("pods") != nullptr || peer.get("namespaces") != nullptr) return;
    if (peer.get("nodes") != nullptr) {
      if (!context_.options.enable_node_selector_labels) {
        report_.reject(path / "nodes", "can only be used with enable-node-selector-labels");
      }
    } else if (const Document* networks = peer.get("networks")) {
      for (const Document& network : networks->items) {
        if (const Result<Prefix> prefix = Prefix::parse(network.text)) policy_.prefixes.push_back(*prefix);
      }
    } else if (const Document* names = peer.get("domainNames")) {
      if (refuses) report_.reject(path / "domainNames", "can only be accepted, not denied or passed");
      check_domain_names(*names, path / "domainNames");
    }
  }

  void check_domain_names(const Document& names, const Path& path) {
    for (std::size_t i = 0; i < names.items.size(); ++i) {
      const std::string& name = names.items[i].text;
      Document match{.kind = Document::Kind::kMap};
      match.members.emplace_back(name.starts_with('*') ? "matchPattern" : "matchName", names.items[i]);
      check_dns_match(match, path[i], report_);
    }
  }

  const ParseContext& context_;
  Policy& policy_;
  Report& report_;
};

}  // namespace

void parse_cluster_network_policy(const Document& body, const ParseContext& context, Policy& policy, Report& report) {
  const Path root("");
  const Document* spec = Fields(body, root, report).map("spec");
  const Document none{.kind = Document::Kind::kMap};
  Reader(context, policy, report).read(spec != nullptr ? *spec : none);
}

}  // namespace sextant::policy
