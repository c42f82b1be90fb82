// Manifests as text, linted.
#pragma once

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/audit/lint/lint.h"
#include "agent/base/document.h"
#include "agent/policy/release.h"

namespace sextant::audit::lint::testing {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

inline World world_of(const std::string& yaml) {
  World world("n1");
  const auto documents = parse_yaml(yaml);
  EXPECT_TRUE(documents) << documents.error().what;
  for (const Document& document : *documents) {
    if (document.is_null()) continue;
    const auto object = decode(document, {.file = "policies.yaml", .line = document.line});
    EXPECT_TRUE(object && *object) << yaml;
    world.apply(Delta(**object));
  }
  return world;
}

inline Report report_of(const std::string& yaml, const policy::Options& options = {}) {
  const World world = world_of(yaml);
  return lint(world, options);
}

// Only the remarks of one reason.
inline std::vector<Remark> remarks_of(ReasonId reason, const std::string& yaml, const policy::Options& options = {}) {
  std::vector<Remark> remarks = report_of(yaml, options).remarks;
  std::erase_if(remarks, [&](const Remark& remark) { return remark.reason != reason; });
  return remarks;
}

// A pod db of namespace shop, on node n1.
inline const std::string kDb = R"(
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {nodeName: n1}
status: {podIPs: [{ip: "2001:db8:1::5"}]}
)";
inline const std::string kNode = R"(
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDRs: ["2001:db8:1::/64"]}
status: {addresses: [{type: InternalIP, address: "2001:db8:9::1"}]}
)";

// A CiliumNetworkPolicy for app=db; `rest` follows the selector: "ingress: [...]", on lines of their own indented by
// two.
inline std::string cnp(const std::string& rest, const std::string& name = "db") {
  return "\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: " + name +
         ", namespace: shop}\nspec:\n  endpointSelector: {matchLabels: {app: db}}\n  " + rest + "\n";
}
inline std::string knp(const std::string& rest, const std::string& name = "db") {
  return "\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name +
         ", namespace: shop}\nspec:\n  podSelector: {matchLabels: {app: db}}\n  " + rest + "\n";
}
inline policy::Options of_release(policy::Release release) { return {.release = release}; }

inline auto message(const auto& matcher) { return Field(&Remark::message, matcher); }
inline auto fix(const auto& matcher) { return Field(&Remark::fix, matcher); }

}  // namespace sextant::audit::lint::testing
