#include "agent/model/endpoint.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(EndpointRef, ReadsAsPeopleNameEndpoints) {
  EXPECT_EQ((EndpointRef{.kind = EndpointKind::kPod, .ns = "shop", .name = "db"}).to_string(), "shop/db");
  EXPECT_EQ((EndpointRef{.kind = EndpointKind::kNode, .name = "n1"}).to_string(), "node/n1");
  EXPECT_EQ((EndpointRef{.kind = EndpointKind::kService, .ns = "shop", .name = "web"}).to_string(), "service/shop/web");
  EXPECT_EQ((EndpointRef{.kind = EndpointKind::kSextant, .name = "witness death"}).to_string(), "witness death");
}

TEST(EndpointKind, HasTheNameOfTheApi) {
  EXPECT_EQ(to_string(EndpointKind::kPod), "Pod");
  EXPECT_EQ(to_string(EndpointKind::kSextant), "Sextant");
}

TEST(Protocol, WithoutANameIsItsNumber) {
  EXPECT_EQ(to_string(Protocol::kTcp), "TCP");
  EXPECT_EQ(to_string(Protocol::kIcmpv6), "ICMPv6");
  EXPECT_EQ(to_string(Protocol::kSctp), "SCTP");
  EXPECT_EQ(to_string(static_cast<Protocol>(89)), "IP-89");
  EXPECT_EQ(to_string(static_cast<Protocol>(255)), "IP-255");
}

TEST(Protocol, HasPortsOnlyOfTheTransports) {
  for (const Protocol p : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) EXPECT_TRUE(has_ports(p));
  for (const Protocol p : {Protocol::kAny, Protocol::kIcmp, Protocol::kIcmpv6, Protocol::kGre})
    EXPECT_FALSE(has_ports(p));
}

TEST(Verdict, OfUnknownIsNeverReachable) {
  EXPECT_EQ(to_string(Verdict::kUnknown), "unknown");
  EXPECT_EQ(to_string(Verdict::kAuth), "auth");
  EXPECT_FALSE(reachable(Verdict::kUnknown));
  EXPECT_FALSE(reachable(Verdict::kDeny));
  EXPECT_TRUE(reachable(Verdict::kAllow));
  EXPECT_TRUE(reachable(Verdict::kRedirect));
  EXPECT_TRUE(reachable(Verdict::kAuth));
}

}  // namespace
}  // namespace sextant
