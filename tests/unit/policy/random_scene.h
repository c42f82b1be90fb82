// Random clusters, policies and options, step by step: for tests that hold one way to a verdict against another.
//
// Everything is drawn from small pools, so that labels meet selectors, prefixes nest, addresses move from one holder to
// another, and objects are replaced and removed. All that the engine reads is in them. A seed repeats its steps where
// the same compiler built the test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/policy/random_policy.h"
#include "tests/unit/policy/scene.h"
#include "tests/unit/policy/steps.h"

namespace sextant::policy::test {

class RandomScene {
 public:
  explicit RandomScene(std::uint64_t seed) : random_(seed) {}
  RandomScene(const RandomScene&) = delete;
  RandomScene& operator=(const RandomScene&) = delete;

  // The next of any kind.
  Step next() {
    if (random_.one_in(16)) return options_step();
    if (random_.one_in(24)) return network_step();
    if (!known_.empty() && random_.one_in(4)) return removal();
    return object_step(any_object());
  }
  // How a scene begins: the options, the local node, some of its pods, and a policy.
  std::vector<Step> opening() {
    std::vector<Step> steps{options_step(), object_step(node("n1", address(), one_of({"", "zone: a"})))};
    for (std::size_t i = 1 + random_.below(3); i > 0; --i) steps.push_back(object_step(random_pod("n1")));
    steps.push_back(object_step(policies_.cilium()));
    return steps;
  }

  Random& random() { return random_; }

 private:
  std::string one_of(std::initializer_list<std::string_view> texts) { return random_.one_of(texts); }
  std::string number() { return std::to_string(random_.below(3)); }

  Step object_step(std::string text) {
    Object made = object(text);
    const ObjectKey key = key_of(made);
    if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
    return {.change = Delta(std::move(made)), .text = std::move(text)};
  }
  Step removal() {
    const auto at = known_.begin() + static_cast<std::ptrdiff_t>(random_.below(known_.size()));
    const ObjectKey key = *at;
    known_.erase(at);
    return {.change = Delta(Removed{key}), .text = "# remove " + key.to_string()};
  }
  Step network_step() {
    const IpAddress own = IpAddress::parse(address()).value();
    NetworkPicture picture{.links = {{.index = 2, .name = "up0", .up = true, .is_uplink = true}},
                           .addresses = {{.link = 2, .network = Prefix::masked(own, 64), .address = own}}};
    return {.change = Delta(std::move(picture)), .text = "# up0 has " + own.to_string()};
  }
  Step options_step() {
    const auto networks = [&](std::initializer_list<std::string_view> texts) {
      std::vector<Prefix> prefixes;
      if (random_.one_in(3)) prefixes.push_back(Prefix::parse(one_of(texts)).value());
      return prefixes;
    };
    Options options{.release = kReleases[random_.below(kReleases.size())],
                    .dual_stack = random_.one_in(3),
                    .enable_policy = random_.one_in(6)    ? EnablePolicy::kAlways
                                     : random_.one_in(12) ? EnablePolicy::kNever
                                                          : EnablePolicy::kDefault,
                    .allow_localhost = !random_.one_in(3),
                    .enable_host_firewall = random_.one_in(2),
                    .enable_node_selector_labels = random_.one_in(3),
                    .policy_cidr_match_nodes = random_.one_in(4),
                    .cluster_networks = networks({"2001:db8:1::/48", "fd00::/8", "2001:db8:1:4::/62"}),
                    .trusted_networks = networks({"2a00:1::/32", "2001:db8::/31", "2001:db8:1::/49"})};
    if (random_.one_in(3)) options.policy_default_local_cluster = random_.one_in(2);
    return {.change = options, .text = describe(options)};
  }
  static std::string describe(const Options& options) {
    std::string text = "# options: " + std::string(to_string(options.release));
    const auto add = [&](bool holds, std::string_view what) { text += holds ? ", " + std::string(what) : ""; };
    add(options.dual_stack, "dual stack");
    add(options.enable_policy == EnablePolicy::kAlways, "enable-policy=always");
    add(options.enable_policy == EnablePolicy::kNever, "enable-policy=never");
    add(!options.allow_localhost, "allow-localhost=policy");
    add(options.enable_host_firewall, "host firewall");
    add(options.enable_node_selector_labels, "node selector labels");
    add(options.policy_cidr_match_nodes, "policy-cidr-match-mode=nodes");
    if (options.policy_default_local_cluster)
      add(true, *options.policy_default_local_cluster ? "default local cluster" : "default any cluster");
    for (const Prefix& prefix : options.cluster_networks) add(true, "cluster " + prefix.to_string());
    for (const Prefix& prefix : options.trusted_networks) add(true, "trusted " + prefix.to_string());
    return text;
  }

  // ---- the cluster

  std::string address() {
    return one_of({"2001:db8:1::", "2001:db8:1::", "2001:db8:1:5::", "fd00::", "2a00:1::", "10.0.0."}) +
           std::to_string(random_.below(6) + 1);
  }
  std::string ns() { return one_of({"shop", "blog"}); }
  std::string labels() {
    return one_of({"app: web", "app: db", "app: db, tier: back", "tier: back", "", "host: ''", "init: x",
                   "app.kubernetes.io/name: web", "topology.kubernetes.io/zone: a", "pod-template-hash: x"});
  }
  std::string container_ports() {
    return "containers: [{ports: [" +
           one_of({"{name: web, containerPort: 8080}", "{name: web, containerPort: 80}",
                   "{name: dns, containerPort: 53, protocol: UDP}, {name: web, containerPort: 1000}",
                   "{name: dns, containerPort: 53}, {name: WEB, containerPort: 443}"}) +
           "]}]";
  }
  std::string pod_spec() {
    return "serviceAccountName: " + one_of({"default", "db"}) +
           one_of({", hostNetwork: true", "", "", "", "", ", " + container_ports(), ", " + container_ports()});
  }
  std::string random_pod(std::string_view on_node) {
    std::string text = pod(ns() + "/p" + number(), labels(), random_.one_in(10) ? "" : address(), on_node, pod_spec());
    if (const std::size_t status = text.find("{podIPs"); status != std::string::npos && random_.one_in(12))
      text.insert(status + 1, "phase: Succeeded, ");
    return text;
  }
  std::string workload() {
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {" + meta(ns() + "/w" + number()) +
           "}, spec: {template: {metadata: {labels: {" + labels() + "}}, spec: {" + pod_spec() + "}}}}";
  }
  std::string random_node() {
    std::string text = node("n" + std::to_string(1 + random_.below(3)), random_.one_in(6) ? "" : address(),
                            one_of({"", "zone: a", "zone: b, kubernetes.io/os: linux"}));
    if (random_.one_in(4))
      text.insert(text.size() - 1, ", spec: {podCIDRs: ['" + one_of({"2001:db8:1::/64", "fd00::/16"}) + "']}");
    return text;
  }
  std::string name_space() {
    return "{apiVersion: v1, kind: Namespace, metadata: {name: " + ns() + ", labels: {" +
           one_of({"team: red", "team: blue", "kubernetes.io/metadata.name: shop, team: red", ""}) + "}}}";
  }
  std::string api_server() {
    return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: default, name: kubernetes, "
           "labels: {kubernetes.io/service-name: kubernetes}}, addressType: IPv6, endpoints: [{addresses: ['" +
           address() + "']}]}";
  }

  std::string any_object() {
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2:
        return random_pod("n1");
      case 3:
        return random_pod(one_of({"n2", "n3"}));
      case 4:
        return random_node();
      case 5:
        return name_space();
      case 6:
      case 7:
        return policies_.cidr_group();
      case 8:
        return api_server();
      case 9:
        return workload();
      case 10:
      case 11:
        return policies_.network_policy();
      case 12:
        return policies_.cluster_network_policy();
      default:
        return policies_.cilium();
    }
  }

  Random random_;
  RandomPolicy policies_{random_};
  std::vector<ObjectKey> known_{};
};

}  // namespace sextant::policy::test
