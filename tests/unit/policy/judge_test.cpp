#include "agent/policy/judge.h"

#include <gtest/gtest.h>

namespace sextant::policy {
namespace {

// Everyone's items, by rank.
SubjectPolicy policy_of(std::vector<Item> items) {
  SubjectPolicy subject{.applies = true, .selected = true, .default_deny = true};
  subject.items = std::move(items);
  return subject;
}

Judgement judge_all(const SubjectPolicy& subject, std::uint16_t port = 80, Protocol protocol = Protocol::kTcp) {
  const PeerIdentity peer{.id = 1, .outside = true};
  Judgement judgement = judge(subject, sight_of(subject, peer), protocol, port, kNewestRelease);
  EXPECT_EQ(verdict_alone(subject, peer, protocol, port, kNewestRelease), judgement.verdict);
  return judgement;
}

Item tcp(std::uint16_t first, std::uint16_t last, std::uint8_t rank) {
  return {.protocol = Protocol::kTcp, .first_port = first, .last_port = last, .rank = rank};
}

TEST(Judge, DeniesWhatNothingMatches) {
  const SubjectPolicy subject = policy_of({tcp(80, 80, kAllowRank)});
  EXPECT_EQ(judge_all(subject, 81).verdict, Verdict::kDeny);
  EXPECT_EQ(judge_all(subject, 80, Protocol::kUdp).verdict, Verdict::kDeny);
  EXPECT_EQ(judge_all(subject, 80).verdict, Verdict::kAllow);
}

TEST(Judge, LetsDenyWinHoweverNarrowTheAllow) {
  const SubjectPolicy subject = policy_of({tcp(80, 80, kAllowRank), tcp(1, 1000, kDenyRank), {.rank = kAllowRank}});
  EXPECT_EQ(judge_all(subject, 80).verdict, Verdict::kDeny);
  EXPECT_EQ(judge_all(subject, 1001).verdict, Verdict::kAllow);
}

TEST(Judge, LetsRedirectWinOverAllow) {
  const SubjectPolicy subject = policy_of({tcp(80, 80, redirect_rank(101)), {.rank = kAllowRank}});
  EXPECT_EQ(judge_all(subject, 80).verdict, Verdict::kRedirect);
}

TEST(Judge, DecidesTierByTier) {
  Item deny = tcp(80, 80, kDenyRank);
  deny.tier = Tier::kBaseline;
  EXPECT_EQ(judge_all(policy_of({tcp(80, 80, kAllowRank), deny})).verdict, Verdict::kAllow);
}

TEST(Judge, PassesOverTheRestOfATier) {
  Item pass = tcp(80, 80, kPassRank);
  pass.tier = Tier::kAdmin;
  Item deny = tcp(80, 80, kDenyRank);
  deny.tier = Tier::kAdmin;
  deny.priority = 1;
  const Judgement judgement = judge_all(policy_of({pass, deny, tcp(80, 80, kAllowRank)}));
  EXPECT_EQ(judgement.verdict, Verdict::kAllow);
  EXPECT_TRUE(judgement.passed);
}

TEST(Judge, OfAPolicyThatCannotBeComputedIsUnknown) {
  SubjectPolicy subject = policy_of({});
  subject.broken = "a conflict";
  EXPECT_EQ(judge_all(subject).verdict, Verdict::kUnknown);
}

TEST(Judge, IsUnknownOnlyWhereTheUncertainCouldChangeIt) {
  Identities identities;
  Item uncertain{.peers = std::make_shared<const Matcher>(std::vector<Selector>{}, identities), .uncertain = true};
  uncertain.protocol = Protocol::kTcp;
  uncertain.last_port = 100;
  SubjectPolicy subject = policy_of({uncertain, tcp(50, 60, kAllowRank)});
  subject.uncertain = true;
  const auto verdict = [&](bool outside, std::uint16_t port) {
    const PeerIdentity peer{.id = identities.intern({}), .outside = outside};
    const Verdict alone = verdict_alone(subject, peer, Protocol::kTcp, port, kNewestRelease);
    EXPECT_EQ(alone, judge(subject, sight_of(subject, peer), Protocol::kTcp, port, kNewestRelease).verdict);
    return alone;
  };
  EXPECT_EQ(verdict(true, 80), Verdict::kUnknown);
  EXPECT_EQ(verdict(true, 55), Verdict::kAllow);
  EXPECT_EQ(verdict(true, 101), Verdict::kDeny);
  EXPECT_EQ(verdict(false, 80), Verdict::kDeny);
}

TEST(Judge, IsUnknownWhereChanceDecides) {
  Symbols symbols;
  Identities identities;
  LabelSet low, high;
  low.put({.source = kCidrGroup, .key = symbols.intern("trust"), .value = symbols.intern("low")});
  high.put({.source = kCidrGroup, .key = symbols.intern("trust"), .value = symbols.intern("high")});
  Selector selector;
  selector.require(
      {.op = Operator::kIn, .source = kCidrGroup, .key = symbols.intern("trust"), .values = {symbols.intern("high")}});
  Item item = tcp(80, 80, kAllowRank);
  item.peers = std::make_shared<const Matcher>(std::vector{selector}, identities);
  const SubjectPolicy subject = policy_of({item, tcp(90, 90, kAllowRank)});
  const PeerIdentity peer{.id = identities.intern(low), .instead = {identities.intern(high)}};
  const Sight sight = sight_of(subject, peer);
  const Judgement judgement = judge(subject, sight, Protocol::kTcp, 80, Release::k1_17_0);
  EXPECT_EQ(judgement.verdict, Verdict::kUnknown);
  EXPECT_TRUE(judgement.by_chance);
  EXPECT_EQ(verdict_alone(subject, peer, Protocol::kTcp, 80, Release::k1_17_0), Verdict::kUnknown);
  EXPECT_EQ(judge(subject, sight, Protocol::kTcp, 90, Release::k1_17_0).verdict, Verdict::kAllow);
  EXPECT_EQ(judge(subject, sight, Protocol::kTcp, 91, Release::k1_17_0).verdict, Verdict::kDeny);
}

}  // namespace
}  // namespace sextant::policy
