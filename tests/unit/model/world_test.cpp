#include "agent/model/world.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

Pod pod(std::string name, std::string uid) { return {.ns = "shop", .name = std::move(name), .uid = std::move(uid)}; }

Removed removed(ObjectKind kind, std::string ns, std::string name) {
  return {.key = {.kind = kind, .ns = std::move(ns), .name = std::move(name)}};
}

TEST(World, KeepsEveryKindUntilItIsRemoved) {
  World world("n1");
  const auto body = std::make_shared<const PackedDocument>();
  const Object objects[] = {
      Namespace{.name = "shop"},
      Node{.name = "n1"},
      pod("db", "u1"),
      Workload{.kind = "Deployment", .pod = pod("web", "")},
      Service{.ns = "shop", .name = "web"},
      EndpointSlice{.ns = "shop", .name = "web-1"},
      PolicyObject{.kind = ObjectKind::kNetworkPolicy, .ns = "shop", .name = "p", .body = body},
      PolicyObject{.kind = ObjectKind::kCiliumNetworkPolicy, .ns = "shop", .name = "p", .body = body},
      PolicyObject{.kind = ObjectKind::kCiliumClusterwideNetworkPolicy, .name = "p", .body = body},
      PolicyObject{.kind = ObjectKind::kClusterNetworkPolicy, .name = "p", .body = body},
      PolicyObject{.kind = ObjectKind::kCiliumCidrGroup, .name = "p", .body = body},
      OtherObject{.kind = ObjectKind::kCiliumNode, .name = "o", .body = body},
      OtherObject{.kind = ObjectKind::kCiliumEndpoint, .ns = "shop", .name = "o", .body = body},
      OtherObject{.kind = ObjectKind::kCiliumLoadBalancerIpPool, .name = "o", .body = body},
      OtherObject{.kind = ObjectKind::kExposureContract, .name = "o", .body = body},
  };
  const auto sizes = [&] {
    return std::vector<std::size_t>{world.namespaces().size(), world.nodes().size(),    world.pods().size(),
                                    world.workloads().size(),  world.services().size(), world.slices().size(),
                                    world.policies().size(),   world.others().size()};
  };
  for (int twice = 0; twice < 2; ++twice) {
    for (const Object& object : objects) world.apply(object);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{1, 1, 1, 1, 1, 1, 5, 4}));
  }
  EXPECT_TRUE(world.workloads().contains({.kind = ObjectKind::kWorkload, .ns = "shop", .name = "Deployment/web"}));
  for (int twice = 0; twice < 2; ++twice) {
    for (const Object& object : objects) world.apply(Removed{key_of(object)});
    EXPECT_EQ(sizes(), (std::vector<std::size_t>(8, 0)));
  }
}

TEST(World, FindsPodsByNameAndByUid) {
  World world("n1");
  world.apply(Object{pod("db", "u1")});
  ASSERT_NE(world.pod("shop", "db"), nullptr);
  EXPECT_EQ(world.pod("shop", "web"), nullptr);
  EXPECT_EQ(world.pod("other", "db"), nullptr);
  EXPECT_EQ(world.pod_by_uid("u1"), world.pod("shop", "db"));
  EXPECT_EQ(world.pod_by_uid("u2"), nullptr);
}

TEST(World, ForgetsTheUidOfAPodThatWasMadeAnew) {
  World world("n1");
  world.apply(Object{pod("db", "u1")});
  world.apply(Object{pod("db", "u2")});
  EXPECT_EQ(world.pod_by_uid("u1"), nullptr);
  EXPECT_EQ(world.pod_by_uid("u2"), world.pod("shop", "db"));
  world.apply(Object{pod("db", "")});
  EXPECT_EQ(world.pod_by_uid("u2"), nullptr);
  EXPECT_EQ(world.pod_by_uid(""), nullptr);
  world.apply(Object{pod("db", "u3")});
  world.apply(removed(ObjectKind::kPod, "shop", "db"));
  EXPECT_EQ(world.pod_by_uid("u3"), nullptr);
}

TEST(World, KeepsAUidThatAnotherPodHasTakenOver) {
  World world("n1");
  world.apply(Object{pod("old", "u1")});
  world.apply(Object{pod("new", "u1")});
  world.apply(removed(ObjectKind::kPod, "shop", "old"));
  EXPECT_EQ(world.pod_by_uid("u1"), world.pod("shop", "new"));
}

TEST(World, CallsThePodsOfItsNodeLocal) {
  const World world("n1");
  EXPECT_TRUE(world.is_local({.node_name = "n1"}));
  EXPECT_FALSE(world.is_local({.node_name = "n2"}));
  EXPECT_FALSE(world.is_local({}));
}

TEST(World, KnowsTheLocalNodesAddresses) {
  World world("n1");
  EXPECT_TRUE(world.local_addresses().empty());
  world.apply(Object{Node{.name = "n1", .addresses = {ip("2001:db8::2"), ip("2001:db8::1")}}});
  world.apply(Object{Node{.name = "n2", .addresses = {ip("2001:db8::99")}}});
  NetworkPicture picture;
  for (const auto* text : {"::1", "fe80::1", "2001:db8::1", "fd00::1", "127.0.0.1", "10.0.0.1", "169.254.1.1"}) {
    picture.addresses.push_back({.link = 1, .network = Prefix::of(ip(text)), .address = ip(text)});
  }
  world.apply(picture);
  EXPECT_EQ(world.local_addresses(),
            (std::vector<IpAddress>{ip("10.0.0.1"), ip("2001:db8::1"), ip("2001:db8::2"), ip("fd00::1")}));
  world.apply(NetworkPicture{});
  EXPECT_EQ(world.local_addresses().size(), 2U);
}

TEST(World, IsDualStackWhenPodsHaveBothFamilies) {
  World world("n1");
  EXPECT_FALSE(world.is_dual_stack());
  world.apply(Object{Node{.name = "n1", .addresses = {ip("10.0.0.1"), ip("2001:db8::1")}}});
  world.apply(Object{Pod{.ns = "shop", .name = "web", .addresses = {ip("2001:db8:1::1")}}});
  world.apply(Object{Pod{.ns = "shop", .name = "host", .host_network = true, .addresses = {ip("10.0.0.1")}}});
  EXPECT_FALSE(world.is_dual_stack());
  world.apply(Object{Pod{.ns = "shop", .name = "db", .addresses = {ip("10.1.0.1")}}});
  EXPECT_TRUE(world.is_dual_stack());
  world.apply(Removed{{.kind = ObjectKind::kPod, .ns = "shop", .name = "db"}});
  EXPECT_FALSE(world.is_dual_stack());
  world.apply(Object{Node{.name = "n2", .pod_prefixes = {Prefix::parse("10.1.0.0/16").value()}}});
  EXPECT_TRUE(world.is_dual_stack());
}

TEST(World, KeepsTheLabelsOfPodsThatAreAlikeOnce) {
  World world("n1");
  for (const char* name : {"web-1", "web-2", "db"}) {
    Pod one = pod(name, "");
    one.labels = {{"app", std::string(name).substr(0, 2)}};
    world.apply(Object(one));
  }
  EXPECT_TRUE(world.pod("shop", "web-1")->labels.shares_with(world.pod("shop", "web-2")->labels));
  EXPECT_FALSE(world.pod("shop", "web-1")->labels.shares_with(world.pod("shop", "db")->labels));
}

}  // namespace
}  // namespace sextant
