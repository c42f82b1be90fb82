#include "agent/audit/services/seen_source.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::kKpr;
using test::kKubeProxy;

struct Asked {
  Forwarding forwarding{};
  std::string backend_node = "n2";
  std::string entry_node = "n1";
  DoorKind kind = DoorKind::kNodePort;
  Protocol protocol = Protocol::kTcp;
  bool local_only = false;
  Labels annotations{};
};

std::string seen(const Asked& asked) {
  const Service service{.annotations = asked.annotations, .external_traffic_local = asked.local_only};
  const Door door{.kind = asked.kind, .service = &service, .port = {.protocol = asked.protocol, .port = 80}};
  const Backend backend{.kind = Backend::Kind::kPod, .node = asked.backend_node, .port = 80};
  const auto source = seen_source(door, backend, asked.entry_node, asked.forwarding);
  return source ? std::string(source->text()) : "none";
}

TEST(SeenSource, UnderCiliumDependsOnTheBackendsNodeAndTheMode) {
  EXPECT_EQ(seen({.forwarding = kKpr, .backend_node = "n1"}), "kept");
  EXPECT_EQ(seen({.forwarding = kKpr}), "translated");
  Forwarding hybrid = kKpr;
  hybrid.lb_mode = LbMode::kHybrid;
  EXPECT_EQ(seen({.forwarding = hybrid}), "kept");
  EXPECT_EQ(seen({.forwarding = hybrid, .protocol = Protocol::kUdp}), "translated");
  EXPECT_EQ(seen({.forwarding = kKpr, .backend_node = ""}), "kept or translated");
}

TEST(SeenSource, UnderKubeProxyIsTheNodes) {
  EXPECT_EQ(seen({.forwarding = kKubeProxy}), "translated");
  EXPECT_EQ(seen({.forwarding = kKubeProxy, .backend_node = "n1"}), "translated");
  EXPECT_EQ(seen({.forwarding = {.has_cilium = false, .kube_proxy_replacement = false}, .backend_node = "n1"}),
            "kept or translated")
      << "an iptables policy comes before the masquerade";
  EXPECT_EQ(seen({.forwarding = kKubeProxy, .kind = DoorKind::kClusterIp}), "kept or translated");
}

TEST(SeenSource, WithTrafficPolicyLocalIsTheClients) {
  EXPECT_EQ(seen({.forwarding = kKubeProxy, .backend_node = "n1", .local_only = true}), "kept");
  EXPECT_EQ(seen({.forwarding = kKubeProxy, .local_only = true}), "none");
  EXPECT_EQ(seen({.backend_node = "", .local_only = true}), "kept");
}

TEST(SeenSource, FollowsTheServicesAnnotationWhereThatCounts) {
  const Labels dsr{{"service.cilium.io/forwarding-mode", "dsr"}};
  EXPECT_EQ(seen({.forwarding = kKpr, .annotations = dsr}), "translated");
  Forwarding counts = kKpr;
  counts.lb_mode_annotation = true;
  EXPECT_EQ(seen({.forwarding = counts, .annotations = dsr}), "kept");
  counts.lb_mode_annotation.reset();
  EXPECT_EQ(seen({.forwarding = counts, .annotations = dsr}), "kept or translated");
}

}  // namespace
}  // namespace sextant::audit
