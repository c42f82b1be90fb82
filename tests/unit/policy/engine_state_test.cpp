// The engine that follows changes one by one, against one that is made anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::ccnp;
using test::cnp;
using test::group;
using test::knp;
using test::node;
using test::object;
using test::pod;

class Changes {
 public:
  explicit Changes(unsigned seed) : random_(seed) {}

  Delta next() {
    if (!known_.empty() && random_() % 4 == 0) {
      const std::size_t at = random_() % known_.size();
      const ObjectKey key = known_[at];
      known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(at));
      return Removed{key};
    }
    Object made = object(text());
    const ObjectKey key = key_of(made);
    if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
    return made;
  }

 private:
  std::string one_of(std::initializer_list<std::string_view> texts) {
    return std::string(texts.begin()[random_() % texts.size()]);
  }
  std::string number() { return std::to_string(random_() % 3); }
  std::string address() { return one_of({"2001:db8::", "fd00::", "2001:db8:1::"}) + std::to_string(random_() % 6 + 1); }
  std::string prefixes() {
    return "'" + one_of({"2001:db8::/32", "2001:db8:1::/48", "2a00::/12", "::/0", "fd00::/8", "10.0.0.0/8"}) + "', '" +
           one_of({"2001:db8:1::/49", "2001:db8::1/128", "2000::/3"}) + "'";
  }
  std::string labels() { return one_of({"app: web", "app: db", "app: db, tier: back", "", "host: ''"}); }
  std::string peers() {
    switch (random_() % 8) {
      case 0:
        return "fromEndpoints: [{matchLabels: {" + one_of({"app: web", "tier: back"}) + "}}]";
      case 1:
        return "fromEntities: [" + one_of({"world", "cluster", "host", "remote-node", "kube-apiserver", "all"}) + "]";
      case 2:
        return "fromCIDRSet: [{cidr: '2001:db8::/32', except: ['2001:db8:1::/48']}]";
      case 3:
        return "fromCIDRSet: [{cidrGroupRef: g" + number() + "}]";
      case 4:
        return "fromCIDRSet: [{cidrGroupSelector: {matchLabels: {trust: low}}}]";
      case 5:
        return "fromEndpoints: [{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': red}}]";
      case 6:
        return "fromGroups: [{aws: {}}]";
      default:
        return "fromCIDR: [" + prefixes() + "]";
    }
  }
  std::string ports() {
    return one_of({"", ", toPorts: [{ports: [{port: '80', protocol: TCP}]}]", ", toPorts: [{ports: [{port: web}]}]",
                   ", toPorts: [{ports: [{port: '1000', endPort: 2000}]}]",
                   ", icmps: [{fields: [{type: 128, family: IPv6}]}]",
                   ", toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{}]}}]"});
  }
  std::string rules() {
    return one_of({"ingress", "ingress", "ingressDeny"}) + ": [{" + peers() + ports() + "}]" +
           one_of({"", "", ", enableDefaultDeny: {ingress: false}"});
  }
  std::string text() {
    const std::string ns = one_of({"shop/", "blog/"});
    switch (random_() % 9) {
      case 0:
      case 1:
        return pod(ns + "p" + number(), labels(), address(), one_of({"n1", "n1", "n2"}),
                   one_of({"", "hostNetwork: true", "containers: [{ports: [{name: web, containerPort: 8080}]}]"}));
      case 2:
        return node("n" + std::to_string(1 + random_() % 2), address(), one_of({"", "zone: a"}));
      case 3:
        return "{apiVersion: v1, kind: Namespace, metadata: {name: " + one_of({"shop", "blog"}) + ", labels: {" +
               one_of({"team: red", "team: blue", ""}) + "}}}";
      case 4:
        return group("g" + number(), prefixes(), one_of({"trust: low", "trust: high", ""}));
      case 5:
        return ccnp("c" + number(), one_of({"endpointSelector", "nodeSelector"}) + ": {}, " + rules());
      case 6:
        return knp(ns + "k" + number(),
                   "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}, "
                   "{podSelector: {matchLabels: {app: web}}}]}]");
      case 7:
        return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: default, name: "
               "kubernetes, labels: "
               "{kubernetes.io/service-name: kubernetes}}, addressType: IPv6, endpoints: [{addresses: ['" +
               address() + "']}]}";
      default:
        return cnp(ns + "p" + number(),
                   "endpointSelector: {matchLabels: {" + one_of({"app: db", ""}) + "}}, " + rules());
    }
  }

  std::mt19937 random_;
  std::vector<ObjectKey> known_{};
};

// What an engine says of everything, in words that do not depend on the ids it has given.
std::string picture(const Engine& engine, const World& world) {
  std::string text;
  const KernelIntent kernel = engine.compile();
  std::map<ClassId, std::string> names;
  for (const auto& source : kernel.classes) names[source->id] = source->name;
  for (const SourceRange& range : kernel.sources) text += range.first.to_string() + " " + names.at(range.source) + "\n";
  for (const KernelEndpoint& endpoint : kernel.endpoints) {
    text += endpoint.endpoint.to_string();
    for (const IpAddress& address : endpoint.addresses) text += " " + address.to_string();
    text += "\n";
  }
  const auto add = [&](const EndpointRef& ref) {
    const auto intent = engine.intent(ref);
    text += ref.to_string() + (intent->selected ? " selected" : "") + (intent->enforced ? " enforced" : "");
    for (const PolicyRef& policy : intent->selecting) text += " " + policy.to_string();
    for (const IntentRow& row : intent->rows) {
      text +=
          "\n " + row.source->name + (row.source->is_public ? " public" : "") + " " + row.source->sample.to_string();
      for (const Prefix& prefix : row.source->prefixes) text += " " + prefix.to_string();
      for (const Prefix& prefix : row.source->except) text += " -" + prefix.to_string();
      for (const IntentCell& cell : row.cells) {
        text += "\n  " + to_string(cell.protocol) + " " + std::to_string(cell.first_port) + "-" +
                std::to_string(cell.last_port) + " " + std::string(to_string(cell.verdict)) + " " + cell.why;
      }
    }
    text += "\n";
  };
  for (const auto& [key, pod] : world.pods()) add({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name});
  add({.kind = EndpointKind::kNode, .name = world.local_node()});
  for (const PolicyProblem& problem : engine.problems())
    text += problem.policy.to_string() + ": " + problem.reason + "\n";
  return text;
}

TEST(EngineState, FollowsChangesAsIfItWereMadeAnew) {
  const unsigned first = std::random_device()();
  for (unsigned seed = first; seed < first + 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Options options{.release = test::kReleases[seed % 4],
                          .dual_stack = seed % 3 == 0,
                          .enable_host_firewall = seed % 2 == 0,
                          .policy_cidr_match_nodes = seed % 5 == 0};
    World world("n1");
    Engine engine(world, options);
    Changes changes(seed);
    for (int step = 0; step < 40; ++step) {
      const Delta delta = changes.next();
      world.apply(delta);
      engine.on(delta);
      ASSERT_EQ(picture(engine, world), picture(Engine(world, options), world)) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace sextant::policy
