#include "agent/datapath/drop_reasons.h"

#include <algorithm>
#include <string>

#include <bpf/btf.h>
#include <gtest/gtest.h>

#include "agent/base/c_ptr.h"

namespace sextant::datapath {
namespace {

TEST(DeathOf, WhatStopsAPacketOnItsWayIsADrop) {
  for (const char* reason : {"NETFILTER_DROP", "TC_INGRESS", "TC_EGRESS", "XDP", "IP_INNOROUTES", "IP_RPFILTER",
                             "SOCKET_FILTER", "XFRM_POLICY", "TCP_LISTEN_OVERFLOW", "NEIGH_FAILED", "NOT_SPECIFIED"}) {
    EXPECT_EQ(death_of(reason), DEATH_DROPPED) << reason;
  }
}

TEST(DeathOf, AClosedPortRefuses) {
  EXPECT_EQ(death_of("NO_SOCKET"), DEATH_REFUSED);
  EXPECT_EQ(death_of("IP_NOPROTO"), DEATH_REFUSED);
}

TEST(DeathOf, WhatAnybodyCanCauseByRubbishSaysNothing) {
  for (const char* reason : {"TCP_CSUM", "UDP_CSUM", "PKT_TOO_SMALL", "IP_INHDR", "IPV6_BAD_EXTHDR", "TCP_INVALID_SYN",
                             "TCP_OLD_DATA", "FRAG_REASM_TIMEOUT", "OTHERHOST", "SKB_CONSUMED", "SOCKET_RCVBUFF"}) {
    EXPECT_EQ(death_of(reason), DEATH_IGNORED) << reason;
  }
}

TEST(DeathOf, AReasonOfANewerKernelIsADrop) { EXPECT_EQ(death_of("QUANTUM_FILTER"), DEATH_DROPPED); }

TEST(DeathOfSubsystem, RadioIsIgnoredAndSwitchesDrop) {
  EXPECT_EQ(death_of_subsystem("MAC80211_UNUSABLE"), DEATH_IGNORED);
  EXPECT_EQ(death_of_subsystem("OPENVSWITCH"), DEATH_DROPPED);
}

class DropReasonsOfThisKernel : public testing::Test {
 protected:
  void SetUp() override {
    kernel_.reset(btf__load_vmlinux_btf());
    if (!kernel_) GTEST_SKIP() << "no BTF here";
    auto reasons = DropReasons::from(*kernel_);
    if (!reasons) GTEST_SKIP() << reasons.error().what;
    reasons_ = std::move(*reasons);
  }

  std::uint32_t number_of(const std::string& name) const {
    for (std::uint32_t i = 0; i < DEATH_REASONS; ++i) {
      if (reasons_.name(i) == name) return i;
    }
    ADD_FAILURE() << name << " is no reason";
    return 0;
  }

  CPtr<btf, btf__free> kernel_{};
  DropReasons reasons_{};
};

TEST_F(DropReasonsOfThisKernel, HaveTheirNamesFromBtf) {
  EXPECT_NE(number_of("NETFILTER_DROP"), number_of("NO_SOCKET"));
  EXPECT_EQ(reasons_.deaths()[number_of("NETFILTER_DROP")], DEATH_DROPPED);
  EXPECT_EQ(reasons_.deaths()[number_of("NO_SOCKET")], DEATH_REFUSED);
  EXPECT_EQ(reasons_.deaths()[number_of("PKT_TOO_SMALL")], DEATH_IGNORED);
}

TEST_F(DropReasonsOfThisKernel, OutsideTheTableKeepTheirNumber) {
  EXPECT_EQ(reasons_.name(DEATH_REASONS), "REASON_512");
  EXPECT_EQ(reasons_.name(DEATH_REASONS + 1), "REASON_513");
  EXPECT_EQ(reasons_.name(0xffffU << DEATH_SUBSYSTEM_SHIFT | 3U), "SUBSYSTEM_65535_3");
}

TEST(DropReasons, NeedAKernelThatNamesThem) {
  const CPtr<btf, btf__free> none(btf__new_empty());
  const auto reasons = DropReasons::from(*none);
  ASSERT_FALSE(reasons);
  EXPECT_EQ(reasons.error().what, "the kernel does not say why it drops packets (Linux 5.17 does)");
}

TEST(DropReasons, FollowTheNumbersOfTheKernelAtHand) {
  const CPtr<btf, btf__free> other(btf__new_empty());
  ASSERT_GT(btf__add_enum(other.get(), "skb_drop_reason", 4), 0);
  ASSERT_EQ(btf__add_enum_value(other.get(), "SKB_DROP_REASON_NETFILTER_DROP", 1), 0);
  ASSERT_EQ(btf__add_enum_value(other.get(), "SKB_DROP_REASON_NO_SOCKET", 300), 0);
  ASSERT_EQ(btf__add_enum_value(other.get(), "SKB_DROP_REASON_BEYOND", DEATH_REASONS), 0);
  ASSERT_EQ(btf__add_enum_value(other.get(), "SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000), 0);
  const auto reasons = DropReasons::from(*other).value();
  EXPECT_EQ(reasons.name(1), "NETFILTER_DROP");
  EXPECT_EQ(reasons.deaths()[300], DEATH_REFUSED);
  EXPECT_EQ(reasons.name(2), "REASON_2");
  EXPECT_EQ(reasons.deaths()[2], DEATH_DROPPED);
}

}  // namespace
}  // namespace sextant::datapath
