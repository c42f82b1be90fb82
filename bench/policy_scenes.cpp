#include "bench/policy_scenes.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

namespace sextant::bench {
namespace {

constexpr int kNamespaces = 20;
constexpr int kApps = 8;  // of a namespace

std::string number(int value) { return std::to_string(value); }
std::string hex(int value) {
  std::array<char, 8> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr};
}
std::string space(int i) { return "team-" + number(i % kNamespaces); }
std::string app(int i) { return "app-" + number(i / kNamespaces % kApps); }

std::string pod(const std::string& ns, int i, const std::string& labels) {
  return "{apiVersion: v1, kind: Pod, metadata: {namespace: " + ns + ", name: pod-" + number(i) + ", labels: {" +
         labels + "}}, spec: {nodeName: n1, serviceAccountName: default, containers: [{ports: [{name: http, " +
         "containerPort: 8080}, {name: metrics, containerPort: 9090}]}]}, status: {podIPs: [{ip: '2001:db8:10::" +
         hex(i + 1) + "'}]}}";
}

std::string policy(std::string_view kind, const std::string& ns, int i, const std::string& spec) {
  const std::string api = kind == "NetworkPolicy" ? "networking.k8s.io/v1" : "cilium.io/v2";
  return "{apiVersion: " + api + ", kind: " + std::string(kind) + ", metadata: {namespace: " + ns + ", name: policy-" +
         number(i) + "}, spec: {" + spec + "}}";
}

std::string own_prefix(int i) { return "'2a02:" + hex(i + 1) + "::/32'"; }
std::string tcp(const std::string& port) { return "toPorts: [{ports: [{port: '" + port + "', protocol: TCP}]}]"; }

// Policy `i` of kMixed.
std::string mixed_policy(int i) {
  const std::string ns = space(i);
  const std::string own = "endpointSelector: {matchLabels: {app: " + app(i) + "}}, ";
  const std::string peer = "{matchLabels: {app: " + app(i + kNamespaces) + "}}";
  switch (i / kNamespaces % 10) {
    case 0:
    case 1:
    case 2:
      return policy("NetworkPolicy", ns, i,
                    "podSelector: {matchLabels: {app: " + app(i) + "}}, ingress: [{from: [{podSelector: " + peer +
                        "}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: " + space(i + 1) +
                        "}}}], ports: [{port: http}, {port: " + number(1'000 + i) + "}]}]");
    case 3:
      return policy("NetworkPolicy", ns, i,
                    "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2a03::/16', except: ['2a03:" + hex(i + 1) +
                        "::/32']}}], ports: [{port: 443}]}]");
    case 4:
      return policy("NetworkPolicy", ns, i, "podSelector: {matchLabels: {app: " + app(i) + "}}, ingress: []");
    case 5:
      return policy("CiliumNetworkPolicy", ns, i,
                    own + "ingress: [{fromEndpoints: [" + peer + "], toPorts: [{ports: [{port: http}], rules: {http: " +
                        "[{method: GET}]}}]}, {fromCIDRSet: [{cidr: " + own_prefix(i) + "}], " + tcp("8443") + "}]");
    case 6:
      return policy("CiliumNetworkPolicy", ns, i,
                    own + "ingress: [{fromEntities: [cluster], " + tcp("9090") + "}, {fromEntities: [world], " +
                        tcp("443") + "}]");
    case 7:
      return policy(
          "CiliumNetworkPolicy", ns, i,
          own + "ingressDeny: [{fromCIDR: [" + own_prefix(i) + "]}, {fromEntities: [remote-node], " + tcp("22") + "}]");
    case 8:
      return policy("CiliumNetworkPolicy", ns, i,
                    own + "ingress: [{fromEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': " +
                        space(i + 3) + "}}], toPorts: [{ports: [{port: '3000', endPort: 3999}]}]}]");
    default:
      return policy("CiliumNetworkPolicy", ns, i,
                    own + "ingress: [{fromEntities: [all], icmps: [{fields: [{type: 128, family: IPv6}]}]}]");
  }
}

std::string one_pod_policy(int i) {
  return policy("CiliumNetworkPolicy", space(0), i,
                "endpointSelector: {matchLabels: {pod: the-one}}, ingress: [{fromCIDR: [" + own_prefix(i) + "], " +
                    tcp(number(1'000 + i)) + "}]");
}

std::string all_pods_policy(int i) {
  return policy("CiliumNetworkPolicy", space(0), i,
                "endpointSelector: {}, ingress: [{fromCIDR: [" + own_prefix(i) + "], " + tcp(number(1'000 + i)) + "}]");
}

void add_node(World& world) {
  world.apply(
      object("{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDRs: ['2001:db8:10::/64']}, "
             "status: {addresses: [{type: InternalIP, address: '2001:db8:ffff::1'}]}}"));
  world.apply(
      object("{apiVersion: v1, kind: Node, metadata: {name: n2}, spec: {podCIDRs: ['2001:db8:11::/64']}, "
             "status: {addresses: [{type: InternalIP, address: '2001:db8:ffff::2'}]}}"));
}

constexpr std::array<std::string_view, 22> kCloudflare{
    "2400:cb00::/32",   "2606:4700::/32",  "2803:f800::/32",  "2405:b500::/32",   "2405:8100::/32",  "2a06:98c0::/29",
    "2c0f:f248::/32",   "173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22",  "103.31.4.0/22",   "141.101.64.0/18",
    "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15",
    "104.16.0.0/13",    "104.24.0.0/14",   "172.64.0.0/13",   "131.0.72.0/22"};

// Lengths as lists have them: mostly /48 and /32, some /64.
std::vector<std::string> listed_prefixes() {
  std::mt19937_64 random(20'26);
  std::vector<std::string> prefixes;
  while (prefixes.size() + kCloudflare.size() < kPrefixes) {
    const std::uint64_t high = 0x2000'0000'0000'0000 | random() >> 3;
    const int kind = static_cast<int>(random() % 8);
    const auto length = static_cast<std::uint8_t>(kind == 0 ? 64 : kind < 4 ? 32 : 48);
    prefixes.push_back(Prefix::masked(IpAddress::from_halves(high, 0), length).to_string());
  }
  return prefixes;
}

}  // namespace

Object object(const std::string& text) {
  const Result<std::vector<Document>> documents = parse_yaml(text);
  if (documents && documents->size() == 1) {
    Result<std::optional<Object>> decoded = decode(documents->front(), {.file = "bench.yaml", .line = 1});
    if (decoded && *decoded) return std::move(**decoded);
  }
  std::fprintf(stderr, "bench: no object: %s\n", text.c_str());
  std::exit(2);
}

World cluster(Shape shape) {
  World world("n1");
  add_node(world);
  const bool mixed = shape == Shape::kMixed;
  for (int i = 0; i < kNamespaces; ++i) {
    world.apply(object("{apiVersion: v1, kind: Namespace, metadata: {name: " + space(i) +
                       ", labels: {kubernetes.io/metadata.name: " + space(i) + ", tier: gold}}}"));
  }
  for (int i = 0; i < kPods; ++i) {
    const std::string labels = "app: " + app(i) + (i == 0 ? ", pod: the-one" : "");
    world.apply(object(pod(mixed ? space(i) : space(0), i, labels)));
  }
  for (int i = 0; i < kPolicies; ++i) {
    if (mixed && i == 0) {
      world.apply(changed_policy(8443, 0));
      continue;
    }
    world.apply(object(mixed ? mixed_policy(i) : shape == Shape::kOnePod ? one_pod_policy(i) : all_pods_policy(i)));
  }
  return world;
}

Object changed_policy(int port, int prefix) {
  const std::string more = prefix == 0 ? "" : ", '2a04:" + hex(prefix) + "::/32'";
  return object(policy("CiliumNetworkPolicy", space(0), 0,
                       "endpointSelector: {matchLabels: {app: " + app(0) + "}}, ingress: [{fromCIDR: ['2a01::/16'" +
                           more + "], " + tcp(number(port)) + "}]"));
}

World blocklist(ListedIn listed) {
  World world("n1");
  add_node(world);
  for (int i = 0; i < 10; ++i) world.apply(object(pod("web", i, "app: web")));
  std::string allowed, denied, rules;
  for (const std::string_view prefix : kCloudflare)
    allowed += (allowed.empty() ? "'" : ", '") + std::string(prefix) + "'";
  for (const std::string& prefix : listed_prefixes()) {
    denied += denied.empty() ? "" : ", ";
    denied += listed == ListedIn::kGroup ? "'" + prefix + "'" : "{cidr: '" + prefix + "'}";
  }
  if (listed == ListedIn::kGroup) {
    world.apply(
        object("{apiVersion: cilium.io/v2, kind: CiliumCIDRGroup, metadata: {name: blocklist}, spec: "
               "{externalCIDRs: [" +
               denied + "]}}"));
    denied = "{cidrGroupRef: blocklist}";
  }
  world.apply(object(policy("CiliumNetworkPolicy", "web", 0,
                            "endpointSelector: {}, ingress: [{fromCIDR: [" + allowed + "], " + tcp("443") +
                                "}], ingressDeny: [{fromCIDRSet: [" + denied + "]}]")));
  return world;
}

}  // namespace sextant::bench
