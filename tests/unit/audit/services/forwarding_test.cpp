#include "agent/audit/services/forwarding.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

TEST(Forwarding, CiliumNodesTellThatCiliumIsThere) {
  test::ServiceScene scene;
  EXPECT_EQ(completed({}, scene.world).has_cilium, std::nullopt);
  scene.add("{apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: n1}}");
  EXPECT_EQ(completed({}, scene.world).has_cilium, true);
  EXPECT_EQ(completed({}, scene.world).kube_proxy_replacement, std::nullopt);
}

TEST(Forwarding, OnlyCiliumReplacesKubeProxyUnderThisName) {
  const test::ServiceScene scene;
  EXPECT_EQ(completed({.kube_proxy_replacement = true}, scene.world).has_cilium, true);
  EXPECT_EQ(completed({.kube_proxy_replacement = false}, scene.world).has_cilium, std::nullopt);
}

}  // namespace
}  // namespace sextant::audit
