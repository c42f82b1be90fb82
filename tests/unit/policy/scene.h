// A small cluster in a few lines of YAML, and questions about it.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "agent/base/document.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"
#include "agent/policy/parse.h"

namespace sextant::policy::test {

inline constexpr std::array kReleases{Release::k1_17_0, Release::k1_18_6, Release::k1_19_3, Release::k1_20_2};

inline Document yaml(std::string_view text) {
  Result<std::vector<Document>> documents = parse_yaml(text);
  if (!documents || documents->empty()) {
    ADD_FAILURE() << (documents ? "no document" : documents.error().what) << ":\n" << text;
    return {};
  }
  return std::move(documents->front());
}

inline Object object(std::string_view text) {
  Result<std::optional<Object>> decoded = decode(yaml(text), {.file = "test.yaml", .line = 1});
  if (!decoded || !*decoded) {
    ADD_FAILURE() << (decoded ? "a kind that is ignored" : decoded.error().what) << ":\n" << text;
    return Namespace{};
  }
  return std::move(**decoded);
}

// "shop/db" to "namespace: shop, name: db"; "db" to "name: db".
inline std::string meta(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return "name: " + std::string(name);
  return "namespace: " + std::string(name.substr(0, slash)) + ", name: " + std::string(name.substr(slash + 1));
}

// `labels` as in YAML: "app: db, tier: back"; `spec` more members of the pod's spec.
inline std::string pod(std::string_view name, std::string_view labels = "", std::string_view address = "",
                       std::string_view node = "n1", std::string_view spec = "") {
  const std::string addresses = address.empty() ? "" : ", status: {podIPs: [{ip: '" + std::string(address) + "'}]}";
  return "{apiVersion: v1, kind: Pod, metadata: {" + meta(name) + ", labels: {" + std::string(labels) +
         "}}, spec: {nodeName: " + std::string(node) + (spec.empty() ? "" : ", ") + std::string(spec) + "}" +
         addresses + "}";
}

inline std::string node(std::string_view name, std::string_view address = "", std::string_view labels = "") {
  const std::string status =
      address.empty() ? "" : ", status: {addresses: [{type: InternalIP, address: '" + std::string(address) + "'}]}";
  return "{apiVersion: v1, kind: Node, metadata: {name: " + std::string(name) + ", labels: {" + std::string(labels) +
         "}}" + status + "}";
}

inline std::string policy_text(std::string_view kind, std::string_view name, std::string_view spec) {
  const std::string_view api = kind == "NetworkPolicy"          ? "networking.k8s.io/v1"
                               : kind == "ClusterNetworkPolicy" ? "policy.networking.k8s.io/v1alpha2"
                                                                : "cilium.io/v2";
  return "{apiVersion: " + std::string(api) + ", kind: " + std::string(kind) + ", metadata: {" + meta(name) +
         "}, spec: {" + std::string(spec) + "}}";
}
inline std::string cnp(std::string_view name, std::string_view spec) {
  return policy_text("CiliumNetworkPolicy", name, spec);
}
inline std::string ccnp(std::string_view name, std::string_view spec) {
  return policy_text("CiliumClusterwideNetworkPolicy", name, spec);
}
inline std::string knp(std::string_view name, std::string_view spec) {
  return policy_text("NetworkPolicy", name, spec);
}

// A CiliumCIDRGroup; `prefixes` as in YAML: "'2001:db8::/32'".
inline std::string group(std::string_view name, std::string_view prefixes, std::string_view labels = "") {
  return "{apiVersion: cilium.io/v2alpha1, kind: CiliumCIDRGroup, metadata: {name: " + std::string(name) +
         ", labels: {" + std::string(labels) + "}}, spec: {externalCIDRs: [" + std::string(prefixes) + "]}}";
}

inline Policy parsed(const std::string& text, const Options& options, Symbols& symbols) {
  return parse_policy(std::get<PolicyObject>(object(text)), options, symbols);
}
inline Policy parsed(const std::string& text, Release release = kNewestRelease) {
  Symbols symbols;
  return parsed(text, Options{.release = release}, symbols);
}

// "shop/web" a pod, "node:n1", "entity:health", else an address.
inline Peer peer(std::string_view text) {
  if (text.starts_with("node:")) return {.kind = Peer::Kind::kNode, .name = std::string(text.substr(5))};
  if (text == "entity:health") return {.kind = Peer::Kind::kHealth};
  if (text == "entity:ingress") return {.kind = Peer::Kind::kIngress};
  if (text == "entity:unmanaged") return {.kind = Peer::Kind::kUnmanaged};
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    return {.kind = Peer::Kind::kPod,
            .ns = std::string(text.substr(0, slash)),
            .name = std::string(text.substr(slash + 1))};
  }
  return {.kind = Peer::Kind::kAddress, .address = IpAddress::parse(text).value()};
}
// "shop/web" a pod, "node:n1".
inline Subject subject(std::string_view text) {
  if (text.starts_with("node:")) return {.kind = Subject::Kind::kNode, .name = std::string(text.substr(5))};
  const std::size_t slash = text.find('/');
  return {.kind = Subject::Kind::kPod,
          .ns = std::string(text.substr(0, slash)),
          .name = std::string(text.substr(slash + 1))};
}

struct Scene {
  Options options{};
  World world{"n1"};

  explicit Scene(std::initializer_list<std::string> texts, Options o = {}) : options(std::move(o)) {
    for (const std::string& text : texts) world.apply(object(text));
  }

  Engine engine() const { return Engine(world, options); }

  Decision decide(std::string_view to, std::string_view from, std::uint16_t port = 80,
                  Protocol protocol = Protocol::kTcp) const {
    const Result<Decision> decision = engine().decide(subject(to), peer(from), protocol, port, true);
    if (!decision) {
      ADD_FAILURE() << decision.error().what;
      return {};
    }
    return *decision;
  }
  Verdict verdict(std::string_view to, std::string_view from, std::uint16_t port = 80,
                  Protocol protocol = Protocol::kTcp) const {
    return decide(to, from, port, protocol).verdict;
  }
};

}  // namespace sextant::policy::test
