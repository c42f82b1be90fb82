// cluster-prefix: prefixes for addresses that are pods or nodes, which Cilium does not match (pkg/ipcache/metadata.go).
//
// Said of a prefix that lies inside the pods' or a configured cluster prefix, of an address that a pod or node holds,
// and of a prefix of one site (IPv6 /48 or longer, IPv4 /16 or longer) that holds some beside others. Shorter ones, and
// exceptions, are left alone: they are rarely about single pods.
#include <algorithm>

#include "agent/audit/lint/checks.h"
#include "agent/policy/labels.h"

namespace sextant::audit::lint {
namespace {

constexpr std::uint8_t kSiteLength = 48;  // RFC 6177
constexpr std::uint8_t kSiteLengthV4 = 96 + 16;

struct Holder {
  IpAddress address{};
  std::string name{};
  bool node = false;
};

std::vector<Holder> holders(const World& world) {
  std::vector<Holder> all;
  for (const auto& [key, pod] : world.pods()) {
    if (pod.finished || pod.host_network) continue;
    for (const IpAddress& address : pod.addresses) all.push_back({address, "pod " + pod.ns + "/" + pod.name});
  }
  for (const auto& [name, node] : world.nodes()) {
    for (const IpAddress& address : node.addresses) all.push_back({address, "node " + name, true});
  }
  return all;
}

std::vector<Prefix> pod_prefixes(const Tree& tree) {
  std::vector<Prefix> prefixes = tree.options().cluster_networks;
  for (const auto& [name, node] : tree.given().nodes()) {
    prefixes.insert(prefixes.end(), node.pod_prefixes.begin(), node.pod_prefixes.end());
  }
  return prefixes;
}

}  // namespace

void check_cluster_prefixes(const Tree& tree, Remarks& remarks) {
  const std::vector<Holder> all = holders(tree.given());
  const std::vector<Prefix> pods = pod_prefixes(tree);
  const bool nodes_match = tree.options().policy_cidr_match_nodes;
  for_each_rule(tree, [&](const PolicyView& policy, const SpecView&, const RuleView& rule) {
    for (const WrittenPrefix& written : prefixes_of(rule)) {
      const auto prefix = Prefix::parse(written.text);
      if (!prefix || written.is_except) continue;
      const std::string verb = rule.deny ? "denied" : "let in";
      const auto say = [&](std::string what, std::string fix) {
        remarks.push_back(
            {ReasonId::kClusterPrefix, policy.at(written.where, written.document), std::move(what), std::move(fix)});
      };
      const auto inside = std::ranges::find_if(pods, [&](const Prefix& p) { return policy::covers(p, *prefix); });
      if (inside != pods.end()) {
        say(written.text + " lies in the cluster's own " + inside->to_string() +
                ": Cilium knows pods by their labels and matches no prefix with them, so that no pod is " + verb,
            "say it with fromEndpoints and the pods' labels");
        continue;
      }
      const auto held = std::ranges::find_if(
          all, [&](const Holder& h) { return policy::covers(*prefix, h.address) && !(h.node && nodes_match); });
      const bool of_a_site = prefix->length >= (prefix->is_v4() ? kSiteLengthV4 : kSiteLength);
      if (held == all.end() || !of_a_site) continue;
      say(written.text + (prefix->length == 128 ? " is " : " holds ") + held->name + " (" + held->address.to_string() +
              "), which no prefix matches: it is not " + verb + " by this rule",
          held->node ? "say fromEntities: [remote-node, host], or set Cilium's policy-cidr-match-mode: nodes"
                     : "say it with fromEndpoints and the pod's labels");
    }
  });
}

}  // namespace sextant::audit::lint
