#include "agent/policy/rule_text.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

// The detail of a rule that matches neither source nor port.
std::string detail(const std::string& rule, std::string_view from = "2001:db8::1") {
  const std::string spec = "endpointSelector: {matchLabels: {app: db}}, ingress: [{" + rule + "}]";
  const test::Scene scene(
      {test::pod("shop/db", "app: db", "", "n1", "containers: [{ports: [{name: pg, containerPort: 5432}]}]"),
       test::pod("shop/web", "app: web, tier: front", "2001:db8:1::2"), test::cnp("shop/a", spec)});
  const std::vector<RuleTrace> trace = scene.decide("shop/db", from, 1).trace;
  return trace.empty() ? "" : trace.front().detail;
}

TEST(PeersText, SaysWhomARuleNames) {
  EXPECT_EQ(detail("fromEntities: [host]"), "the source (world) is none of its peers: host");
  EXPECT_EQ(detail("fromEndpoints: [{matchLabels: {app: api}}]"),
            "the source (world) is none of its peers: app=api and namespace shop");
  EXPECT_EQ(detail("fromEndpoints: [{matchExpressions: [{key: app, operator: In, values: [a, b]}]}]"),
            "the source (world) is none of its peers: app in (a, b) and namespace shop");
  EXPECT_EQ(detail("fromEndpoints: [{matchExpressions: [{key: app, operator: Exists}]}]"),
            "the source (world) is none of its peers: with a label app and namespace shop");
  EXPECT_EQ(detail("fromCIDRSet: [{cidr: '2a00::/12', except: ['2a00:1::/32', '2a00:2::/32']}]"),
            "the source (world) is none of its peers: 2a00::/12 except 2a00:1::/32, 2a00:2::/32");
}

TEST(PeersText, ShowsAFewOfMany) {
  EXPECT_EQ(detail("fromCIDR: ['2a00::/16', '2a01::/16']"),
            "the source (world) is none of its peers: 2a00::/16 or 2a01::/16");
  EXPECT_EQ(detail("fromCIDR: ['2a00::/16', '2a01::/16', '2a02::/16', '2a03::/16', '2a04::/16', '2a05::/16']"),
            "the source (world) is none of its peers: 2a00::/16, 2a01::/16, 2a02::/16, 2a03::/16 or 2 more");
}

TEST(PortsText, SaysWhichPortsARuleHas) {
  const auto ports = [](const std::string& list) { return detail("toPorts: [{ports: [" + list + "]}]"); };
  EXPECT_EQ(ports("{port: '443', protocol: TCP}"), "1/TCP is not among its ports: 443/TCP");
  EXPECT_EQ(ports("{port: '8000', endPort: 9000, protocol: UDP}"), "1/TCP is not among its ports: 8000-9000/UDP");
  EXPECT_EQ(ports("{port: pg, protocol: TCP}"), "1/TCP is not among its ports: 5432/TCP");
  EXPECT_EQ(ports("{port: none, protocol: TCP}"), "1/TCP is not among its ports: none that the endpoint has");
  EXPECT_EQ(ports("{port: '0', protocol: UDP}"), "1/TCP is not among its ports: all UDP");
  EXPECT_EQ(detail("icmps: [{fields: [{type: 128, family: IPv6}]}]"), "1/TCP is not among its ports: ICMPv6 type 128");
}

TEST(SourceText, LeavesOutWhatEveryPeerHas) {
  EXPECT_EQ(detail("fromEntities: [host]", "shop/web"),
            "the source (app=web, namespace shop, tier=front) is none of its peers: host");
  EXPECT_EQ(detail("fromCIDRSet: [{cidr: '2001:db8::/32', except: ['2001:db8:9::/48']}, {cidr: '2a00::/16'}], "
                   "toPorts: [{ports: [{port: '80'}]}]",
                   "2001:db8:9::1"),
            "the source lies in 2001:db8::/32, but 2001:db8:9::/48 is excepted; and 1/TCP is not among its ports: "
            "80/TCP, 80/UDP or 80/SCTP");
}

}  // namespace
}  // namespace sextant::policy
