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
Judgement decide(const SubjectPolicy& subject, const Sight& sight, Protocol protocol, std::uint16_t port,
                 bool uncertain) {
  Judgement judgement{.verdict = Verdict::kDeny, .because = Because::kDefaultDeny};
  const auto matches = [&](std::size_t i) {
    return (uncertain ? sight.concerns(subject, i) : sight.concerned[i]) && subject.items[i].covers(protocol, port);
  };
  std::size_t i = 0;
  while (i < subject.items.size()) {
    const Item& head = subject.items[i];
    int best = -1;
    std::vector<const Item*> found;
    for (; i < subject.items.size() && subject.items[i].tier == head.tier && subject.items[i].priority == head.priority;
         ++i) {
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

// For the identity that `sight` takes the peer to have.
Judgement judge_one(const SubjectPolicy& subject, const Sight& sight, Protocol protocol, std::uint16_t port,
                    Release release) {
  Judgement judgement = decide(subject, sight, protocol, port, false);
  if (subject.uncertain && sight.peer.outside) {
    Judgement otherwise = decide(subject, sight, protocol, port, true);
    if (otherwise.verdict != judgement.verdict) {
      otherwise.verdict = Verdict::kUnknown;
      otherwise.because = Because::kUnknown;
      return otherwise;
    }
  }
  if (!subject.authenticates || judgement.verdict == Verdict::kDeny) return judgement;
  return judge_authenticated(subject, sight.peer, protocol, port, release);
}

}  // namespace

Sight sight_of(const SubjectPolicy& subject, const PeerIdentity& peer) {
  Sight sight{.peer = peer, .concerned = std::vector<bool>(subject.items.size())};
  for (std::size_t i = 0; i < subject.items.size(); ++i) sight.concerned[i] = concerns(subject.items[i], peer);
  for (const IdentityId id : peer.instead) {
    PeerIdentity other = peer;
    other.id = id;
    other.instead.clear();
    Sight otherwise = sight_of(subject, other);
    if (otherwise.concerned != sight.concerned) sight.instead.push_back(std::move(otherwise));
  }
  return sight;
}

Judgement judge(const SubjectPolicy& subject, const Sight& sight, Protocol protocol, std::uint16_t port,
                Release release) {
  if (!subject.broken.empty()) return {};
  if (!subject.applies) return {.verdict = Verdict::kAllow, .because = subject.otherwise};
  Judgement judgement = judge_one(subject, sight, protocol, port, release);
  for (const Sight& other : sight.instead) {
    if (judge_one(subject, other, protocol, port, release).verdict == judgement.verdict) continue;
    return {.decided_by = std::move(judgement.decided_by), .by_chance = true};
  }
  return judgement;
}

}  // namespace sextant::policy
