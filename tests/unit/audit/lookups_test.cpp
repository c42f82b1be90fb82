// The auditor with the real policy engine behind its lookups.
#include "agent/audit/lookups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/audit/auditor.h"
#include "agent/policy/engine.h"
#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kNode = R"(
kind: Node
apiVersion: v1
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: "2001:db8:9::1"}]}
)";
constexpr const char* kDbPod = R"(
kind: Pod
apiVersion: v1
metadata: {name: db, namespace: shop, uid: 0d5c8f1e-0000-4000-8000-000000000001, labels: {app: db}}
spec: {nodeName: n1}
status: {phase: Running, podIPs: [{ip: "2001:db8:1::5"}]}
)";
constexpr const char* kClosed = R"(
kind: CiliumNetworkPolicy
apiVersion: cilium.io/v2
metadata: {name: db, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}
)";
constexpr const char* kOpenToOffice = R"(
kind: CiliumNetworkPolicy
apiVersion: cilium.io/v2
metadata: {name: office, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromCIDR: ["2600:1::/32"]
    toPorts: [{ports: [{port: "5432", protocol: TCP}]}]
)";
constexpr const char* kRefused = R"(
kind: CiliumNetworkPolicy
apiVersion: cilium.io/v2
metadata: {name: broken, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{fromCIDR: ["no CIDR"]}]}
)";

struct WithEngine : ::testing::Test {
  WithEngine() : engine(world, {}), auditor(world, engine, {.node = "n1"}) {
    apply(kNode);
    apply(kDbPod);
  }

  void apply(const std::string& yaml) {
    const auto documents = parse_yaml(yaml);
    ASSERT_TRUE(documents.has_value()) << documents.error().what;
    auto object = decode(documents->at(0), {});
    ASSERT_TRUE(object.has_value()) << object.error().what;
    tell(Delta(**object));
  }
  void tell(const Delta& delta) {
    world.apply(delta);
    engine.on(delta);
  }
  void round() { auditor.on_intent(now); }
  RowObservation packet(std::string_view from, std::uint16_t port) {
    const auto source = engine.classify(ip(from));
    return {.key = {.endpoint = kDb, .protocol = Protocol::kTcp, .port = port, .source = source->id},
            .intended = engine.intent(kDb)->row(source->id)->cell(Protocol::kTcp, port).verdict,
            .first_seen = now,
            .sample = ip(from)};
  }
  std::vector<std::string> open() const {
    std::vector<std::string> codes;
    for (const Finding& f : auditor.findings()) {
      if (f.state == FindingState::kOpen) codes.push_back(f.code);
    }
    return codes;
  }

  Time now = kStart;
  World world{"n1"};
  policy::Engine engine;
  Auditor auditor;
};

TEST_F(WithEngine, APodWithoutPolicyIsUnprotectedUntilOneSelectsIt) {
  round();
  auditor.settle(now);
  EXPECT_THAT(open(), ElementsAre("SXT005"));
  apply(kClosed);
  round();
  EXPECT_THAT(resolved(auditor.settle(now)), SizeIs(1));
}

TEST_F(WithEngine, ADeliveryAgainstDefaultDenyNamesThePolicyAndResolvesWhenARuleAllowsTheSender) {
  apply(kClosed);
  round();
  auditor.on_row(delivered(packet("2600:1::7", 5432), 1, now), now);
  auto changes = opened(auditor.settle(now));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].finding.source->source_class, "world");
  EXPECT_THAT(changes[0].finding.message, HasSubstr("CiliumNetworkPolicy shop/db"));

  apply(kOpenToOffice);
  round();
  changes = resolved(auditor.settle(now + seconds(1)));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "CiliumNetworkPolicy shop/office allows it now");
}

TEST_F(WithEngine, ADropOfWhatARuleAllowsIsOneForItsClass) {
  apply(kClosed);
  apply(kOpenToOffice);
  round();
  auditor.on_row(dropped(packet("2600:1::7", 5432), 1, now), now);
  auditor.on_row(dropped(packet("2a00::1", 5432), 1, now), now);
  const auto changes = opened(auditor.settle(now));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].finding.code, "SXT009");
  EXPECT_EQ(changes[0].finding.source->source_class, "2600:1::/32");
}

TEST_F(WithEngine, AListenerOfTheNodeIsExposedWithoutHostFirewall) {
  apply(kClosed);
  round();
  auditor.on_listeners({.taken = now, .listeners = {host_listener(Protocol::kTcp, 9100, "node_exporter")}}, now);
  auditor.settle(now);
  EXPECT_THAT(open(), ElementsAre("SXT008"));
}

TEST_F(WithEngine, ARefusedPolicyIsIneffective) {
  apply(kClosed);
  apply(kRefused);
  round();
  auditor.settle(now);
  EXPECT_THAT(open(), ElementsAre("SXT012"));
  tell(Removed{{.kind = ObjectKind::kCiliumNetworkPolicy, .ns = "shop", .name = "broken"}});
  round();
  auditor.settle(now);
  EXPECT_THAT(open(), IsEmpty());
}

TEST_F(WithEngine, RowsAndExposuresFollowTheEngine) {
  apply(kClosed);
  apply(kOpenToOffice);
  round();
  const auto exposures = auditor.exposures();
  ASSERT_FALSE(exposures.empty());
  EXPECT_EQ(exposures[0].endpoint.ref, kDb);
  EXPECT_EQ(exposures[0].first_port, 5432);
  EXPECT_THAT(exposures[0].prefixes, ElementsAre(prefix("2600:1::/32")));
  bool denied = false;
  for (const EndpointRow& r : auditor.rows()) {
    if (r.endpoint.ref == kDb && r.source->name == "world") denied |= r.intended->verdict == Verdict::kDeny;
  }
  EXPECT_TRUE(denied);
}

}  // namespace
}  // namespace sextant::audit::testing
