#include "agent/model/objects.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(Origin, SaysWhereAnObjectCameFrom) {
  EXPECT_EQ((Origin{.file = "policies/db.yaml", .line = 12}).to_string(), "policies/db.yaml:12");
  EXPECT_EQ((Origin{.file = "policies/db.yaml"}).to_string(), "policies/db.yaml");
  EXPECT_EQ((Origin{.resource_version = "4711"}).to_string(), "resourceVersion 4711");
  EXPECT_EQ(Origin{}.to_string(), "");
}

TEST(ObjectKind, HasTheNameThatKubernetesGivesIt) {
  EXPECT_EQ(to_string(ObjectKind::kNamespace), "Namespace");
  EXPECT_EQ(to_string(ObjectKind::kCiliumCidrGroup), "CiliumCIDRGroup");
  EXPECT_EQ(to_string(ObjectKind::kCiliumLoadBalancerIpPool), "CiliumLoadBalancerIPPool");
  EXPECT_EQ(to_string(ObjectKind::kExposureContract), "ExposureContract");
  EXPECT_EQ(short_name(ObjectKind::kCiliumNetworkPolicy), "CNP");
  EXPECT_EQ(short_name(ObjectKind::kCiliumClusterwideNetworkPolicy), "CCNP");
  EXPECT_EQ(short_name(ObjectKind::kNetworkPolicy), "KNP");
  EXPECT_EQ(short_name(ObjectKind::kService), "Service");
}

TEST(ObjectKey, ReadsAsPeopleNameObjects) {
  EXPECT_EQ((ObjectKey{.kind = ObjectKind::kCiliumNetworkPolicy, .ns = "shop", .name = "db"}).to_string(),
            "CiliumNetworkPolicy shop/db");
  EXPECT_EQ((ObjectKey{.kind = ObjectKind::kNode, .name = "n1"}).to_string(), "Node n1");
  EXPECT_EQ((ObjectKey{.kind = ObjectKind::kWorkload, .ns = "shop", .name = "Deployment/web"}).to_string(),
            "Deployment shop/web");
}

TEST(ObjectKey, IsThatOfTheObject) {
  using Kind = ObjectKind;
  EXPECT_EQ(key_of(Namespace{.name = "shop"}), (ObjectKey{.kind = Kind::kNamespace, .name = "shop"}));
  EXPECT_EQ(key_of(Node{.name = "n1"}), (ObjectKey{.kind = Kind::kNode, .name = "n1"}));
  EXPECT_EQ(key_of(Pod{.ns = "shop", .name = "db"}), (ObjectKey{.kind = Kind::kPod, .ns = "shop", .name = "db"}));
  EXPECT_EQ(key_of(Workload{.kind = "Job", .pod = {.ns = "shop", .name = "db"}}),
            (ObjectKey{.kind = Kind::kWorkload, .ns = "shop", .name = "Job/db"}));
  EXPECT_EQ(key_of(Service{.ns = "a", .name = "b"}), (ObjectKey{.kind = Kind::kService, .ns = "a", .name = "b"}));
  EXPECT_EQ(key_of(EndpointSlice{.ns = "a", .name = "b"}),
            (ObjectKey{.kind = Kind::kEndpointSlice, .ns = "a", .name = "b"}));
  EXPECT_EQ(key_of(PolicyObject{.kind = Kind::kCiliumCidrGroup, .name = "b"}),
            (ObjectKey{.kind = Kind::kCiliumCidrGroup, .name = "b"}));
  EXPECT_EQ(key_of(OtherObject{.kind = Kind::kCiliumNode, .name = "b"}),
            (ObjectKey{.kind = Kind::kCiliumNode, .name = "b"}));
}

}  // namespace
}  // namespace sextant
