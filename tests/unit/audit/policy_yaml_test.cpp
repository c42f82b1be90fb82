#include "agent/audit/policy_yaml.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/base/document.h"
#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Document parsed(const std::string& yaml) {
  auto documents = parse_yaml(yaml);
  EXPECT_TRUE(documents.has_value()) << documents.error().what << "\n" << yaml;
  return std::move(documents).value().at(0);
}

Pod web() { return {.ns = "shop", .name = "web-7f9c-x2k", .labels = {{"app", "web"}}, .workload = "Deployment/web"}; }

TEST(Isolate, ReadsWell) {
  const PortViews listening{{{Protocol::kTcp, 8080}, {.verdict = Verdict::kAllow, .process = "nginx"}}};
  EXPECT_EQ(policy_yaml::isolate(web(), listening),
            "apiVersion: cilium.io/v2\n"
            "kind: CiliumNetworkPolicy\n"
            "metadata:\n"
            "  name: web-ingress\n"
            "  namespace: shop\n"
            "spec:\n"
            "  endpointSelector:\n"
            "    matchLabels:\n"
            "      app: web\n"
            "  ingress:\n"
            "  # The pods of this namespace. Everybody else, the internet included, is denied.\n"
            "  - fromEndpoints:\n"
            "    - {}\n"
            "  # What listens now. Remove the comment signs of what the internet shall reach.\n"
            "  # - fromEntities:\n"
            "  #   - world\n"
            "  #   toPorts:\n"
            "  #   - ports:\n"
            "  #     - port: \"8080\"  # nginx\n"
            "  #       protocol: TCP\n");
}

TEST(Isolate, IsStillAPolicyWhenTheCommentSignsAreRemoved) {
  std::istringstream lines(
      policy_yaml::isolate(web(), {{{Protocol::kTcp, 8080}, {.process = "nginx"}}, {{Protocol::kUdp, 53}, {}}}));
  std::string yaml;
  bool offered = false;
  for (std::string line; std::getline(lines, line);) {
    offered |= line == "  # - fromEntities:";
    yaml += (offered ? "  " + line.substr(4) : line) + "\n";
  }
  const Document policy = parsed(yaml);
  const Document& ports = *policy.at({"spec", "ingress"})->items.at(1).get("toPorts")->items.at(0).get("ports");
  ASSERT_EQ(ports.items.size(), 2u);
  EXPECT_EQ(ports.items[0].string_at("port"), "8080");
  EXPECT_EQ(ports.items[1].string_at("protocol"), "UDP");
}

TEST(Isolate, NamesTheWorkloadNotThePod) {
  Pod pod = web();
  pod.labels = {{"app.kubernetes.io/name", "web"},
                {"pod-template-hash", "7f9c"},
                {"statefulset.kubernetes.io/pod-name", "web-0"},
                {"apps.kubernetes.io/pod-index", "0"},
                {"batch.kubernetes.io/job-name", "x"},
                {"topology.kubernetes.io/zone", "a"}};
  const Document policy = parsed(policy_yaml::isolate(pod, {}));
  const Document& labels = *policy.at({"spec", "endpointSelector", "matchLabels"});
  ASSERT_EQ(labels.members.size(), 1u);
  EXPECT_EQ(labels.members[0].first, "app.kubernetes.io/name");
}

TEST(Isolate, SaysWhenNoLabelSelectsThePod) {
  Pod pod = web();
  pod.labels = {{"pod-template-hash", "7f9c"}};
  const std::string yaml = policy_yaml::isolate(pod, {});
  EXPECT_THAT(yaml, HasSubstr("endpointSelector: {}"));
  EXPECT_THAT(yaml, HasSubstr("holds for its whole namespace"));
  EXPECT_TRUE(parsed(yaml).at({"spec", "endpointSelector"})->is_map());
}

TEST(Isolate, KeepsLabelValuesStrings) {
  Pod pod = web();
  pod.labels = {{"a", "true"}, {"b", "1"}, {"c", ""}, {"d", "1e3"}, {"on", "no"}, {"e", "v1.2-x_y"}};
  const Document policy = parsed(policy_yaml::isolate(pod, {}));
  for (const auto& [key, value] : policy.at({"spec", "endpointSelector", "matchLabels"})->members) {
    EXPECT_TRUE(value.is_string()) << key;
    ASSERT_TRUE(pod.labels.contains(key)) << key;
    EXPECT_EQ(value.text, pod.labels.find(key)->second);
  }
}

TEST(CloseOnNodes, DeniesOnePortAndNothingElse) {
  const Document policy = parsed(policy_yaml::close_on_nodes(Protocol::kUdp, 161));
  EXPECT_EQ(policy.at({"metadata"})->string_at("name"), "nodes-deny-world-161-udp");
  EXPECT_FALSE(policy.at({"spec", "enableDefaultDeny", "ingress"})->boolean);
  EXPECT_EQ(policy.at({"spec", "ingress"}), nullptr);
  const Document& deny = policy.at({"spec", "ingressDeny"})->items.at(0);
  EXPECT_EQ(deny.get("fromEntities")->items.at(0).text, "world");
  EXPECT_EQ(deny.get("toPorts")->items.at(0).get("ports")->items.at(0).string_at("port"), "161");
}

}  // namespace
}  // namespace sextant::audit::testing
