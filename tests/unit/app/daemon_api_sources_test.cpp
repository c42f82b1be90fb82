#include "agent/app/daemon/api_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }

World two_nodes() {
  World world("n1");
  world.apply(Object(Node{.name = "n1",
                          .addresses = {IpAddress::parse("2001:db8::1").value()},
                          .pod_prefixes = {prefix("2001:db8:1::/64")}}));
  world.apply(Object(Node{.name = "n2", .addresses = {IpAddress::parse("2001:db8::5").value()}}));
  return world;
}

TEST(ApiSources, WithoutTheClusterAreTheConfiguredPrefixes) {
  Config config;
  config.api.from.prefixes = {prefix("2001:db8:9::/48"), prefix("10.0.0.0/8")};
  config.cluster_networks = {prefix("fd00::/8")};
  EXPECT_THAT(api_sources(config, two_nodes()),
              testing::UnorderedElementsAre(prefix("10.0.0.0/8"), prefix("2001:db8:9::/48")));
}

TEST(ApiSources, WithTheClusterAreItsNodesAndPodsToo) {
  Config config;
  config.api.from.cluster = true;
  config.cluster_networks = {prefix("fd00::/8")};
  EXPECT_THAT(api_sources(config, two_nodes()), ElementsAre(prefix("2001:db8::1/128"), prefix("2001:db8::5/128"),
                                                            prefix("2001:db8:1::/64"), prefix("fd00::/8")));
  EXPECT_THAT(api_sources(Config{}, two_nodes()), IsEmpty());
}

}  // namespace
}  // namespace sextant::app
