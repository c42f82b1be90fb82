#include "agent/policy/compile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::node;
using test::pod;
using test::Scene;

Scene scene() {
  return Scene({node("n1", "2001:db8::a"), node("n2", "2001:db8::b"), pod("shop/db", "app: db", "fd00::1"),
                pod("shop/db2", "app: db", "fd00::2"), pod("shop/web", "app: web", "fd00::3"),
                pod("shop/far", "", "fd00::4", "n2"), pod("shop/none"),
                pod("shop/host", "", "2001:db8::a", "n1", "hostNetwork: true"),
                cnp("shop/db",
                    "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromCIDR: ['2001:db8:1::/48'], "
                    "toPorts: [{ports: [{port: '443', protocol: TCP}]}]}]")});
}

const KernelEndpoint* endpoint(const KernelIntent& intent, std::string_view name) {
  const auto at =
      std::ranges::find_if(intent.endpoints, [&](const KernelEndpoint& e) { return e.endpoint.name == name; });
  return at == intent.endpoints.end() ? nullptr : &*at;
}

Verdict verdict(const KernelIntent& intent, const KernelEndpoint& to, const IpAddress& from, Protocol protocol,
                std::uint16_t port) {
  const auto range = std::prev(std::ranges::upper_bound(intent.sources, from, {}, &SourceRange::first));
  const KernelPolicy& policy = intent.policies.at(to.policy);
  const PortMap& map = intent.port_maps.at(policy.port_map(range->source));
  const bool own = std::ranges::any_of(map, [&](const KernelRange& r) { return r.protocol == protocol; });
  for (const KernelRange& r : map) {
    if (r.protocol == (own ? protocol : Protocol::kAny) && r.first_port <= port && port <= r.last_port)
      return r.verdict;
  }
  return Verdict::kUnknown;
}

TEST(KernelIntent, HoldsTheLocalPodsWithAddressesAndTheNode) {
  const KernelIntent intent = scene().engine().compile();
  EXPECT_EQ(intent.endpoints.size(), 4u);
  for (const auto* name : {"db", "db2", "web", "n1"}) EXPECT_NE(endpoint(intent, name), nullptr) << name;
  for (const auto* name : {"far", "none", "host"}) EXPECT_EQ(endpoint(intent, name), nullptr) << name;
  EXPECT_EQ(endpoint(intent, "db")->addresses, (std::vector{IpAddress::parse("fd00::1").value()}));
  EXPECT_EQ(endpoint(intent, "n1")->endpoint.kind, EndpointKind::kNode);
}

TEST(KernelIntent, SharesWhatBehavesAlike) {
  const KernelIntent intent = scene().engine().compile();
  EXPECT_EQ(endpoint(intent, "db")->policy, endpoint(intent, "db2")->policy);
  EXPECT_NE(endpoint(intent, "db")->policy, endpoint(intent, "web")->policy);
  EXPECT_EQ(endpoint(intent, "web")->policy, endpoint(intent, "n1")->policy);  // both are open
  EXPECT_EQ(intent.policies.size(), 2u);
}

TEST(KernelIntent, ListsOnlyClassesThatDifferFromTheWorld) {
  const KernelIntent intent = scene().engine().compile();
  const KernelPolicy& policy = intent.policies.at(endpoint(intent, "db")->policy);
  std::vector<std::string> names;
  for (const auto& source : intent.classes) {
    if (policy.port_map_of_class.find(source->id)) names.push_back(source->name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"2001:db8:1::/48", "host"}));
}

TEST(KernelIntent, DecidesWhatTheEngineDecides) {
  const Scene small = scene();
  const Engine engine = small.engine();
  const KernelIntent intent = engine.compile();
  for (const KernelEndpoint& to : intent.endpoints) {
    const bool is_node = to.endpoint.kind == EndpointKind::kNode;
    const Subject subject{
        .kind = is_node ? Subject::Kind::kNode : Subject::Kind::kPod, .ns = to.endpoint.ns, .name = to.endpoint.name};
    for (const SourceRange& range : intent.sources) {
      for (const IpAddress& from : {range.first, range.first.next(), range.first.previous()}) {
        for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kIcmpv6, Protocol::kGre}) {
          for (const std::uint16_t port : {0, 442, 443, 444, 65535}) {
            const auto decision = engine.decide(subject, {.address = from}, protocol, port);
            ASSERT_EQ(verdict(intent, to, from, protocol, port), decision->verdict)
                << to.endpoint.to_string() << " " << from.to_string() << " " << to_string(protocol) << " " << port;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace sextant::policy
