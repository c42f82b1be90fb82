#include "agent/policy/judge.h"

#include <algorithm>

#include "agent/policy/auth.h"

namespace sextant::policy {
namespace {

bool concerns(const Item& item, const PeerIdentity& peer) {
  if (item.host_only) return peer.local_host;
  if (item.peers == nullptr) return true;
  return item.peers->matches(peer.id) || item.peers->matches(peer.stands_in) || item.peers->matches(peer.aggregate);
}

}  // namespace

Because because_of(const Item& item) {
  if (!item.sources.empty()) return item.rank == kDenyRank ? Because::kDenyRule : Because::kRule;
  return item.host_only ? Because::kLocalHost : Because::kDefaultAllow;
}

namespace {

Verdict verdict_of(std::uint8_t rank) {
  return rank == kDenyRank ? Verdict::kDeny : rank == kAllowRank ? Verdict::kAllow : Verdict::kRedirect;
}

// A rule that a person wrote explains more than one that the agent made.
void prefer_written(std::vector<const Item*>& items) {
  const bool written = std::ranges::any_of(items, [](const Item* item) { return !item->sources.empty(); });
  if (written) std::erase_if(items, [](const Item* item) { return item->sources.empty(); });
}

// With `uncertain`, items whose peers cannot be computed are taken to match.
Judgement decide(const SubjectPolicy& subject, const std::vector<bool>& concerned, const PeerIdentity& peer, Protocol protocol,
                 std::uint16_t port, bool uncertain) {
  Judgement judgement{.verdict = Verdict::kDeny, .because = Because::kDefaultDeny};
  const auto matches = [&](std::size_t i) {
    const Item& item = subject.items[i];
    return (concerned[i] || (uncertain && item.uncertain && peer.outside)) && item.covers(protocol, port);
  };
  std::size_t i = 0;
  while (i < subject.items.size()) {
    const Item& head = subject.items[i];
    int best = -1;
    std::vector<const Item*> found;
    for (; i < subject.items.size() && subject.items[i].tier == head.tier && subject.items[i].priority == head.priority; ++i) {
      const Item& item = subject.items[i];
      if (item.rank < best || !matches(i)) continue;
      if (item.rank > best) found.clear();
      best = item.rank;
      found.push_back(&item);
    }
    if (best < 0) continue;
    if (best == kPassRank) {  // the rest of the tier is passed over
      judgement.passed = true;
      while (i < subject.items.size() && subject.items[i].tier == head.tier) ++i;
      continue;
    }
    prefer_written(found);
    judgement.verdict = verdict_of(static_cast<std::uint8_t>(best));
    judgement.because = because_of(*found.front());
    judgement.decided_by = std::move(found);
    return judgement;
  }
  return judgement;
}

}  // namespace

std::vector<bool> items_for(const SubjectPolicy& subject, const PeerIdentity& peer) {
  std::vector<bool> concerned(subject.items.size());
  for (std::size_t i = 0; i < subject.items.size(); ++i) concerned[i] = concerns(subject.items[i], peer);
  return concerned;
}

Judgement judge(const SubjectPolicy& subject, const std::vector<bool>& concerned, const PeerIdentity& peer, Protocol protocol,
                std::uint16_t port, Release release) {
  if (!subject.broken.empty()) return {};
  if (!subject.applies) return {.verdict = Verdict::kAllow, .because = subject.otherwise};
  Judgement judgement = decide(subject, concerned, peer, protocol, port, false);
  if (subject.uncertain && peer.outside) {
    Judgement otherwise = decide(subject, concerned, peer, protocol, port, true);
    if (otherwise.verdict != judgement.verdict) {
      otherwise.verdict = Verdict::kUnknown;
      otherwise.because = Because::kUnknown;
      return otherwise;
    }
  }
  if (subject.authenticates && judgement.verdict != Verdict::kDeny) return judge_authenticated(subject, peer, protocol, port, release);
  return judgement;
}

}  // namespace sextant::policy
