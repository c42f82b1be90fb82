#include "agent/policy/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

namespace sextant::policy {
namespace {

constexpr Protocol kProtocols[] = {Protocol::kAny,  Protocol::kTcp,    Protocol::kUdp, Protocol::kSctp,
                                   Protocol::kIcmp, Protocol::kIcmpv6, Protocol::kGre};

SubjectPolicy random_policy(std::mt19937& random) {
  SubjectPolicy subject{.applies = true, .selected = true, .default_deny = true};
  subject.authenticates = random() % 3 == 0;
  for (unsigned i = random() % (random() % 8 == 0 ? 200 : 8); i > 0; --i) {
    Item item{.protocol = kProtocols[random() % std::size(kProtocols)]};
    if (item.protocol != Protocol::kAny) {
      const auto a = static_cast<std::uint16_t>(random() % 4 == 0 ? random() : random() % 40);
      const auto b = static_cast<std::uint16_t>(random() % 4 == 0 ? random() : random() % 40);
      item.first_port = std::min(a, b);
      item.last_port = std::max(a, b);
    }
    item.rank = std::array{kAllowRank, kAllowRank, kDenyRank, redirect_rank(101)}[random() % 4];
    if (subject.authenticates && random() % 2 == 0) item.auth = AuthMode::kRequired;
    subject.items.push_back(std::move(item));
  }
  return subject;
}

TEST(Cells, SayWhatJudgeSaysOfEveryPort) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const SubjectPolicy subject = random_policy(random);
    const Sight sight = sight_of(subject, {.id = 1});
    const IntentRow row{.cells = cells_for(subject, sight, kNewestRelease)};
    for (const Protocol protocol : kProtocols) {
      for (int i = 0; i < 40; ++i) {
        const auto port = static_cast<std::uint16_t>(i < 20 ? random() % 42 : random());
        const Judgement judgement = judge(subject, sight, protocol, port, kNewestRelease);
        ASSERT_EQ(row.cell(protocol, port).verdict, judgement.verdict) << to_string(protocol) << " " << port;
      }
    }
  }
}

TEST(Cells, AreCompleteSortedAndMerged) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const SubjectPolicy subject = random_policy(random);
    const auto cells = cells_for(subject, sight_of(subject, {.id = 1}), kNewestRelease);
    std::map<Protocol, std::uint32_t> next;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      ASSERT_EQ(cells[i].first_port, next[cells[i].protocol]);
      next[cells[i].protocol] = cells[i].last_port + 1U;
      if (i == 0) continue;
      EXPECT_LE(cells[i - 1].protocol, cells[i].protocol);
      const bool same = cells[i - 1].protocol == cells[i].protocol && cells[i - 1].verdict == cells[i].verdict &&
                        cells[i - 1].policies == cells[i].policies && cells[i - 1].why == cells[i].why;
      EXPECT_FALSE(same);
    }
    for (const Protocol protocol :
         {Protocol::kAny, Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6}) {
      EXPECT_EQ(next[protocol], 65536u);
    }
  }
}

TEST(Cells, OfAnOpenSubjectAreOnePerProtocol) {
  const SubjectPolicy subject;
  const auto cells = cells_for(subject, sight_of(subject, {.id = 1}), kNewestRelease);
  EXPECT_EQ(cells.size(), 5u);
  for (const IntentCell& cell : cells) EXPECT_EQ(cell.because, Because::kDefaultAllow);
}

TEST(Cells, OfTenThousandPortsAreFoundInNoTime) {
  SubjectPolicy subject{.applies = true, .selected = true, .default_deny = true};
  for (std::uint16_t port = 1; port <= 20'000; port += 2) {
    subject.items.push_back({.protocol = Protocol::kTcp, .first_port = port, .last_port = port});
  }
  const auto begun = std::chrono::steady_clock::now();
  const std::vector<IntentCell> cells = cells_for(subject, sight_of(subject, {.id = 1}), kNewestRelease);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));  // 0.1 s; with the sanitizers, 1
  EXPECT_EQ(std::ranges::count(cells, Protocol::kTcp, &IntentCell::protocol), 20'001);
}

}  // namespace
}  // namespace sextant::policy
