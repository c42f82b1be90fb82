#include "agent/kube/cilium_facts.h"

#include <gtest/gtest.h>

namespace sextant::kube {
namespace {

TEST(ReleaseInImage, IsTheTags) {
  EXPECT_EQ(release_in_image("quay.io/cilium/cilium:v1.19.3@sha256:0123"), "1.19.3");
  EXPECT_EQ(release_in_image("registry.local:5000/cilium:1.18.6"), "1.18.6");
  EXPECT_EQ(release_in_image("quay.io/isovalent/cilium:v1.17.0-cee.1"), "1.17.0");
}

TEST(ReleaseInImage, IsNotGuessed) {
  for (const char* image : {"", "cilium", "registry.local:5000/cilium", "cilium:latest", "cilium@sha256:01",
                            "cilium:v1.19", "cilium:v1.20.0-rc.1", "cilium:v1.2.3.4", "cilium:v1..3"})
    EXPECT_EQ(release_in_image(image), "") << image;
}

TEST(CiliumAgentImage, IsThatOfTheAgentsContainer) {
  const auto image = [](const std::string& labels, const std::string& container) {
    return cilium_agent_image(*parse_json(R"({"metadata":{"labels":)" + labels +
                                          R"(},"spec":{"containers":[{"name":")" + container + R"(","image":"i"}]}})"));
  };
  EXPECT_EQ(image(R"({"k8s-app":"cilium"})", "cilium-agent"), "i");
  EXPECT_EQ(image(R"({"k8s-app":"hubble-relay"})", "cilium-agent"), "");
  EXPECT_EQ(image(R"({"k8s-app":"cilium"})", "sidecar"), "");
  EXPECT_EQ(cilium_agent_image(Document{}), "");
}

TEST(ConfigData, IsThatOfAConfigMap) {
  const auto data = config_data(*parse_json(R"({"data":{"enable-policy":"always"}})"));
  EXPECT_EQ(data.at("enable-policy"), "always");
  EXPECT_TRUE(config_data(Document{}).empty());
}

}  // namespace
}  // namespace sextant::kube
