#include "agent/audit/drop_reasons.h"

#include <gtest/gtest.h>

namespace sextant::audit {
namespace {

TEST(DropNature, OnlyAWallProvesThatAPortIsClosed) {
  for (const char* reason : {"NETFILTER_DROP", "XDP", "TC_INGRESS", "IP_RPFILTER", "SKB_DROP_REASON_NETFILTER_DROP"}) {
    EXPECT_EQ(nature_of(reason), DropNature::kWall) << reason;
  }
}

TEST(DropNature, WhatASenderCanBringAboutIsNoWall) {
  for (const char* reason : {"TCP_LISTEN_OVERFLOW", "SOCKET_RCVBUFF", "SOCKET_BACKLOG", "PROTO_MEM", "SOCKET_FILTER"}) {
    EXPECT_EQ(nature_of(reason), DropNature::kOther) << reason;
  }
  for (const char* reason : {"TCP_CSUM", "HDR_TRUNC", "SKB_DROP_REASON_IP_INHDR", "IPV6_BAD_EXTHDR"}) {
    EXPECT_EQ(nature_of(reason), DropNature::kItsOwn) << reason;
  }
}

TEST(DropNature, AClosedPortAndAnUntoldReasonAreNeither) {
  EXPECT_EQ(nature_of("NO_SOCKET"), DropNature::kNoSocket);
  EXPECT_EQ(nature_of("SKB_DROP_REASON_NO_SOCKET"), DropNature::kNoSocket);
  EXPECT_EQ(nature_of(""), DropNature::kUntold);
  EXPECT_EQ(nature_of("NOT_SPECIFIED"), DropNature::kUntold);
}

TEST(DropNature, AReasonOfALaterKernelIsNoWallUntilItIsKnown) { EXPECT_EQ(nature_of("BRAND_NEW"), DropNature::kOther); }

}  // namespace
}  // namespace sextant::audit
