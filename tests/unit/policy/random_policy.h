// Random policies as text: whom they select, whom they name, ports and rules. Some of them Cilium refuses.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/unit/policy/scene.h"
#include "tests/unit/policy/steps.h"

namespace sextant::policy::test {

class RandomPolicy {
 public:
  explicit RandomPolicy(Random& random) : random_(random) {}

  // A CiliumNetworkPolicy, or a clusterwide one.
  std::string cilium() {
    const bool clusterwide = random_.one_in(3);
    std::string subject = "endpointSelector: " + (clusterwide ? endpoint_selector() : selector());
    if (clusterwide && random_.one_in(2)) subject = "nodeSelector: " + one_of({"{}", "{matchLabels: {zone: a}}"});
    const std::string spec = subject + ", " + rules();
    std::string text = clusterwide ? ccnp("c" + number(), spec) : cnp(ns() + "/c" + number(), spec);
    if (!random_.one_in(6)) return text;
    const std::string more = "endpointSelector: " + selector() + ", " + rules();
    text.insert(text.size() - 1, ", specs: [{" + more + "}]");
    return text;
  }
  std::string network_policy() {
    std::string rule;
    if (!random_.one_in(4)) rule = "from: [" + network_policy_peer() + ", " + network_policy_peer() + "]";
    if (random_.one_in(2)) {
      rule += std::string(rule.empty() ? "" : ", ") + "ports: [" +
              one_of({"{port: 80}", "{port: web}", "{port: 53, protocol: UDP}", "{port: 1000, endPort: 1999}",
                      "{protocol: TCP}"}) +
              "]";
    }
    return knp(ns() + "/k" + number(),
               "podSelector: " + selector() + ", ingress: [" + (random_.one_in(5) ? "" : "{" + rule + "}") + "]");
  }
  std::string cluster_network_policy() {
    return policy_text("ClusterNetworkPolicy", "a" + number(),
                       "tier: " + one_of({"Admin", "Baseline"}) + ", priority: " + std::to_string(random_.below(4)) +
                           ", subject: {namespaces: {" + one_of({"", "matchLabels: {team: red}"}) +
                           "}}, ingress: [{action: " + one_of({"Accept", "Deny", "Pass"}) + ", from: [" +
                           one_of({"{namespaces: {}}", "{namespaces: {matchLabels: {team: red}}}",
                                   "{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}"}) +
                           "]" +
                           one_of({"", ", protocols: [{tcp: {destinationPort: {number: 80}}}]",
                                   ", protocols: [{udp: {destinationPort: {range: {start: 50, end: 60}}}}]"}) +
                           "}]");
  }
  std::string cidr_group() { return group("g" + number(), prefixes(), one_of({"trust: low", "trust: high", ""})); }

 private:
  std::string one_of(std::initializer_list<std::string_view> texts) { return random_.one_of(texts); }
  std::string number() { return std::to_string(random_.below(3)); }
  std::string ns() { return one_of({"shop", "blog"}); }

  // ---- peers

  std::string prefix() {
    return one_of({"2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::/49", "2001:db8:1::/64", "2001:db8:1::1/128",
                   "2001:db8:1:4::/62", "2a00::/12", "2a00:1::/32", "2600::/8", "2000::/3", "::/0", "fd00::/8",
                   "fc00::/7", "10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "2001:db8:1::5/126"});
  }
  std::string prefixes() { return "'" + prefix() + (random_.one_in(2) ? "', '" + prefix() : "") + "'"; }
  std::string except() {
    return one_of({"", "", ", except: ['2001:db8:1::/49']", ", except: ['2001:db8:1::/64', '2001:db8:1:4::/62']"});
  }
  std::string cidr_rule() {
    switch (random_.below(4)) {
      case 0:
        return "{cidrGroupRef: g" + number() + except() + "}";
      case 1:
        return "{cidrGroupSelector: {" +
               one_of({"matchLabels: {trust: low}", "matchLabels: {trust: high}",
                       "matchExpressions: [{key: trust, operator: Exists}]",
                       "matchExpressions: [{key: trust, operator: NotIn, values: [low]}]"}) +
               "}" + except() + "}";
      case 2:
        return "{cidr: '" + one_of({"2001:db8::/32", "2001:db8:1::/48", "::/0"}) + "'" + except() + "}";
      default:
        return "{cidr: '" + prefix() + "'}";
    }
  }
  std::string selector() {
    return "{" +
           one_of({"matchLabels: {app: web}", "matchLabels: {app: db}", "matchLabels: {tier: back}", "", "",
                   "matchExpressions: [{key: app, operator: In, values: [web, db]}]",
                   "matchExpressions: [{key: tier, operator: DoesNotExist}]",
                   "matchExpressions: [{key: app, operator: NotIn, values: [web]}]"}) +
           "}";
  }
  std::string endpoint_selector() {
    if (random_.one_in(2)) return selector();
    return "{matchLabels: {" +
           one_of({"'k8s:io.cilium.k8s.namespace.labels.team': red", "'k8s:io.kubernetes.pod.namespace': shop",
                   "'k8s:io.kubernetes.pod.namespace': blog, app: web", "'reserved:world': ''", "'reserved:host': ''",
                   "'reserved:remote-node': ''", "'k8s:io.cilium.k8s.policy.serviceaccount': db",
                   "'k8s:io.cilium.k8s.policy.cluster': default", "'any:app': web", "'reserved:init': ''"}) +
           "}}";
  }
  std::string entities() {
    const auto entity = [&] {
      return one_of({"world", "world-ipv4", "world-ipv6", "cluster", "host", "remote-node", "kube-apiserver", "all",
                     "init", "ingress", "health", "none", "cluster-mesh"});
    };
    return entity() + (random_.one_in(3) ? ", " + entity() : "");
  }
  std::string peers() {
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2:
        return "fromEndpoints: [" + endpoint_selector() + (random_.one_in(4) ? ", " + endpoint_selector() : "") + "]";
      case 3:
      case 4:
        return "fromEntities: [" + entities() + "]";
      case 5:
      case 6:
        return "fromCIDRSet: [" + cidr_rule() + (random_.one_in(3) ? ", " + cidr_rule() : "") + "]";
      case 7:
        return "fromNodes: [" + one_of({"{}", "{matchLabels: {zone: a}}", "{matchLabels: {'node:zone': a}}"}) + "]";
      case 8:
        return one_of({"fromGroups: [{aws: {}}]", "fromEndpoints: []", "fromCIDR: []"});
      case 9:
        return "fromEndpoints: [{}], fromRequires: [" + selector() + "]";
      default:
        return "fromCIDR: [" + prefixes() + "]";
    }
  }

  // ---- ports

  std::string port() {
    return one_of({"{port: '80', protocol: TCP}", "{port: '80'}", "{port: '443', protocol: ANY}", "{port: web}",
                   "{port: dns, protocol: UDP}", "{port: '1000', endPort: 2000, protocol: TCP}",
                   "{port: '1500', endPort: 2500}", "{port: '53', protocol: UDP}", "{port: '0', protocol: UDP}",
                   "{port: '0'}", "{port: '65535', protocol: SCTP}", "{port: '1', endPort: 65535, protocol: UDP}",
                   "{port: '0x50'}", "{port: '70000'}"});
  }
  std::string ports(bool with_rules) {
    const std::string list = "[" + port() + (random_.one_in(3) ? ", " + port() : "") + "]";
    std::string rules;
    if (with_rules && random_.one_in(3)) {
      rules = one_of({", rules: {http: [{}]}", ", rules: {http: [{path: '/a'}]}", ", rules: {kafka: [{topic: x}]}",
                      ", serverNames: [example.com]",
                      ", listener: {envoyConfig: {kind: CiliumEnvoyConfig, name: x}, "
                      "name: y, priority: 5}"});
    }
    return ", toPorts: [{ports: " + list + rules + "}]";
  }
  std::string icmps() {
    return ", icmps: [{fields: [" +
           one_of({"{type: 128, family: IPv6}", "{type: EchoRequest, family: IPv6}, {type: 2, family: IPv6}",
                   "{type: 8, family: IPv4}", "{type: Echo}"}) +
           "]}]";
  }

  // ---- rules

  std::string rule(bool deny) {
    if (random_.one_in(20)) return "{}";
    std::string text = "{" + peers();
    if (random_.one_in(6)) {
      text += icmps();
    } else if (!random_.one_in(3)) {
      text += ports(!deny);
    }
    if (!deny && random_.one_in(10))
      text += ", authentication: {mode: " + one_of({"required", "disabled", "test-always-fail"}) + "}";
    return text + "}";
  }
  std::string rules() {
    const bool deny = random_.one_in(4);
    std::string text = std::string(deny ? "ingressDeny" : "ingress") + ": [" + rule(deny);
    if (random_.one_in(3)) text += ", " + rule(deny);
    text += "]";
    if (random_.one_in(8)) text += deny ? ", ingress: [" + rule(false) + "]" : ", ingressDeny: [" + rule(true) + "]";
    return text +
           one_of({"", "", "", "", ", enableDefaultDeny: {ingress: false}", ", egress: [{toCIDR: ['2a00::/13']}]"});
  }
  std::string network_policy_peer() {
    switch (random_.below(4)) {
      case 0:
        return "{podSelector: " + selector() + "}";
      case 1:
        return "{namespaceSelector: {" + one_of({"", "matchLabels: {team: red}"}) + "}}";
      case 2:
        return "{namespaceSelector: {matchLabels: {team: red}}, podSelector: " + selector() + "}";
      default:
        return "{ipBlock: {cidr: '" + one_of({"2001:db8::/32", "2001:db8:1::/48"}) + "'" + except() + "}}";
    }
  }

  Random& random_;
};

}  // namespace sextant::policy::test
