#include "agent/audit/services/passage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::kKpr;
using test::kKubeProxy;
using test::ServiceScene;
using testing::HasSubstr;
using enum DoorKind;

const std::string kDb = test::pod("shop/db-0", "app: db", "fd00::5");
const std::string kDbElsewhere = test::pod("shop/db-1", "app: db", "fd00::6", "n2");
const std::string kForCluster = test::cnp("shop/db", test::kAllowNodes);
const std::string kForWorld = test::cnp("shop/db",
                                        "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEntities: "
                                        "[world], toPorts: [{ports: [{port: '8080'}]}]}]");

TEST(Passage, WithoutAPolicyALoadBalancerIsOpenAndNobodyMeantIt) {
  ServiceScene scene{kDb, test::load_balancer("shop/db", "db")};
  const Outcome& outcome = scene.look(kKpr).outcome(kLoadBalancer);
  EXPECT_EQ(outcome.verdict, Verdict::kAllow);
  EXPECT_EQ(outcome.because, Because::kDefaultAllow);
  EXPECT_EQ(outcome.intended_by, "");
  ASSERT_EQ(outcome.backends.size(), 1U);
  EXPECT_EQ(outcome.backends[0].ref.to_string(), "shop/db-0");
  EXPECT_EQ(outcome.backends[0].port, 8080);
  EXPECT_EQ(outcome.backends[0].source, "kept");
}

TEST(Passage, ALocalBackendSeesTheClientUnderCiliumAndTheNodeUnderKubeProxy) {
  ServiceScene scene{kDb, kForCluster, test::node_port("shop/db", "db")};
  EXPECT_EQ(scene.look(kKpr).outcome(kNodePort).verdict, Verdict::kDeny);
  const Outcome& masqueraded = scene.look(kKubeProxy).outcome(kNodePort);
  EXPECT_EQ(masqueraded.verdict, Verdict::kAllow) << "the node's own host may reach its pods";
  EXPECT_EQ(masqueraded.backends.at(0).source, "translated");
  EXPECT_EQ(masqueraded.intended_by, "") << "no rule names the internet";
}

TEST(Passage, ARemoteBackendSeesARemoteNodeUnlessItIsDsr) {
  ServiceScene scene{kDbElsewhere, kForCluster, test::node_port("shop/db", "db")};
  EXPECT_EQ(scene.look(kKpr).outcome(kNodePort).verdict, Verdict::kAllow);
  Forwarding dsr = kKpr;
  dsr.lb_mode = LbMode::kDsr;
  EXPECT_EQ(scene.look(dsr).outcome(kNodePort).verdict, Verdict::kDeny);
  Forwarding tunnel = kKpr;
  tunnel.tunnel = true;
  EXPECT_EQ(scene.look(tunnel).outcome(kNodePort).verdict, Verdict::kDeny) << "the tunnel's header says world";
}

TEST(Passage, WhereItIsNotKnownWhichSourceIsSeenOnlyAgreementIsDefinite) {
  ServiceScene closed{kDbElsewhere, kForCluster, test::node_port("shop/db", "db")};
  const Outcome& outcome =
      closed.look({.kube_proxy_replacement = true, .node_port_addresses = std::vector<Prefix>{}}).outcome(kNodePort);
  EXPECT_EQ(outcome.verdict, Verdict::kUnknown);
  EXPECT_THAT(outcome.why, HasSubstr("not known which source"));
  ServiceScene open{kDbElsewhere, test::node_port("shop/db", "db")};
  EXPECT_EQ(open.look({}).outcome(kNodePort).verdict, Verdict::kAllow) << "whoever it seems to be";
}

TEST(Passage, ARuleThatNamesTheInternetIsIntentHoweverThePacketComes) {
  ServiceScene scene{kDb, kForWorld, test::load_balancer("shop/db", "db")};
  for (const Forwarding& forwarding : {kKpr, kKubeProxy}) {
    const Outcome& outcome = scene.look(forwarding).outcome(kLoadBalancer);
    EXPECT_TRUE(reachable(outcome.verdict));
    EXPECT_EQ(outcome.intended_by, "CiliumNetworkPolicy shop/db");
  }
}

TEST(Passage, TheMostOpenBackendThatNobodyMeantSpeaksForAll) {
  ServiceScene scene{test::pod("shop/a", "app: db, tier: named", "fd00::5"), test::pod("shop/b", "app: db", "fd00::6"),
                     test::cnp("shop/named",
                               "endpointSelector: {matchLabels: {tier: named}}, ingress: [{fromEntities: "
                               "[world]}]"),
                     test::load_balancer("shop/db", "db")};
  const Outcome& outcome = scene.look(kKpr).outcome(kLoadBalancer);
  ASSERT_EQ(outcome.backends.size(), 2U);
  EXPECT_EQ(outcome.backends[0].ref.name, "b");
  EXPECT_EQ(outcome.intended_by, "");
}

TEST(Passage, WithTrafficPolicyLocalOnlyTheEntryNodesBackendsAreReached) {
  ServiceScene scene{kDbElsewhere, test::node_port("shop/db", "db", "externalTrafficPolicy: Local")};
  EXPECT_EQ(scene.look(kKubeProxy).outcome(kNodePort).verdict, Verdict::kDeny);
  EXPECT_THAT(scene.outcome(kNodePort).why, HasSubstr("no backend"));
  scene.add(kDb);
  scene.add(kForCluster);
  EXPECT_EQ(scene.look(kKubeProxy).outcome(kNodePort).verdict, Verdict::kDeny) << "the client is seen, and denied";
}

TEST(Passage, EntryNodesAreJudgedEachAndTheMostOpenCounts) {
  ServiceScene scene{kDb, kForCluster, test::load_balancer("shop/db", "db")};
  EXPECT_EQ(scene.look(kKpr, {"n1"}).outcome(kLoadBalancer).verdict, Verdict::kDeny);
  EXPECT_EQ(scene.look(kKpr, {"n1", "n2"}).outcome(kLoadBalancer).verdict, Verdict::kAllow) << "by n2, as remote node";
}

TEST(Passage, SourceRangesCutTheInternet) {
  ServiceScene scene{kDb, test::load_balancer("shop/db", "db", "loadBalancerSourceRanges: ['2001:db8:100::/48']")};
  scene.look(kKpr);
  EXPECT_EQ(scene.outcome(kLoadBalancer, "2600:1::7").verdict, Verdict::kDeny);
  EXPECT_EQ(scene.outcome(kLoadBalancer, "2001:db8:100::1").verdict, Verdict::kAllow);
  EXPECT_EQ(scene.outcome(kLoadBalancer, "2001:db8:100::1").intended_by, "loadBalancerSourceRanges");
}

TEST(Passage, ABackendThatNobodyKnowsIsUnknown) {
  ServiceScene scene{test::load_balancer("shop/db", "db"),
                     "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: x, namespace: shop, "
                     "labels: {kubernetes.io/service-name: db}}, addressType: IPv6, endpoints: [{addresses: "
                     "['2001:db8:99::1']}], ports: [{port: 8080}]}"};
  const Outcome& outcome = scene.look(kKpr).outcome(kLoadBalancer);
  EXPECT_EQ(outcome.verdict, Verdict::kUnknown);
  EXPECT_THAT(outcome.why, HasSubstr("2001:db8:99::1"));
}

TEST(Passage, CiliumsOwnProxyIsJudgedByItsIdentity) {
  ServiceScene scene{test::service("infra/cilium-gateway-edge", "type: LoadBalancer, ports: [{port: 443}]",
                                   "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}",
                                   "labels: {io.cilium.gateway/owning-gateway: edge}"),
                     "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, namespace: "
                     "infra}, spec: {listeners: [{name: https, port: 443, protocol: HTTPS}]}, status: {addresses: "
                     "[{value: '2001:db8:f::80'}]}}"};
  EXPECT_EQ(scene.look(kKpr).outcome(kLoadBalancer).verdict, Verdict::kAllow);
  EXPECT_EQ(scene.outcome(kLoadBalancer).intended_by, "Gateway infra/edge listener https");
  scene.add(test::ccnp("all", "endpointSelector: {}, ingress: [{fromEntities: [cluster]}]"));
  EXPECT_EQ(scene.look(kKpr).outcome(kLoadBalancer).verdict, Verdict::kDeny);
}

}  // namespace
}  // namespace sextant::audit
