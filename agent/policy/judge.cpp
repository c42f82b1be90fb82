#include "agent/policy/judge.h"

#include <algorithm>

#include "agent/policy/auth.h"
#include "agent/policy/overlaps.h"

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

// Goes through tiers and priorities in order until some item matches that does not pass on; `deciders` hears of the
// items that match with the best precedence.
template <class Matches, class Deciders>
Verdict decide(const SubjectPolicy& subject, const Matches& matches, Deciders& deciders) {
  const std::vector<Item>& items = subject.items;
  std::size_t i = 0;
  while (i < items.size()) {
    const Item& head = items[i];
    int best = -1;
    for (; i < items.size() && items[i].tier == head.tier && items[i].priority == head.priority; ++i) {
      if (items[i].rank < best || !matches(i)) continue;
      if (items[i].rank > best) deciders.clear();
      best = items[i].rank;
      deciders.add(items[i]);
    }
    if (best < 0) continue;
    if (best != kPassRank) return verdict_of(static_cast<std::uint8_t>(best));
    deciders.pass();
    while (i < items.size() && items[i].tier == head.tier) ++i;  // the rest of the tier is passed over
  }
  return Verdict::kDeny;
}

struct Remembered {
  std::vector<const Item*> items{};
  bool passed = false;

  void clear() { items.clear(); }
  void add(const Item& item) { items.push_back(&item); }
  void pass() {
    clear();
    passed = true;
  }
};

struct Forgotten {
  void clear() {}
  void add(const Item&) {}
  void pass() {}
};

// With `uncertain`, items whose peers cannot be computed are taken to match.
Judgement decide(const SubjectPolicy& subject, const Sight& sight, Protocol protocol, std::uint16_t port,
                 bool uncertain) {
  Remembered deciders;
  const auto matches = [&](std::size_t i) {
    return (uncertain ? sight.concerns(subject, i) : sight.concerned[i]) && subject.items[i].covers(protocol, port);
  };
  Judgement judgement{.verdict = decide(subject, matches, deciders), .because = Because::kDefaultDeny};
  judgement.passed = deciders.passed;
  if (deciders.items.empty()) return judgement;
  prefer_written(deciders.items);
  judgement.because = because_of(*deciders.items.front());
  judgement.decided_by = std::move(deciders.items);
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
  if (too_many_overlaps(subject, sight)) return {.too_many = true};
  Judgement judgement = judge_one(subject, sight, protocol, port, release);
  for (const Sight& other : sight.instead) {
    if (judge_one(subject, other, protocol, port, release).verdict == judgement.verdict) continue;
    return {.decided_by = std::move(judgement.decided_by), .by_chance = true};
  }
  return judgement;
}

Verdict verdict_alone(const SubjectPolicy& subject, const PeerIdentity& peer, Protocol protocol, std::uint16_t port,
                      Release release) {
  const bool plain = subject.broken.empty() && subject.applies && !subject.uncertain && !subject.authenticates &&
                     peer.instead.empty() && subject.overlaps <= kMostOverlaps;
  if (!plain) return judge(subject, sight_of(subject, peer), protocol, port, release).verdict;
  Forgotten deciders;
  const auto matches = [&](std::size_t i) {
    return subject.items[i].covers(protocol, port) && concerns(subject.items[i], peer);
  };
  return decide(subject, matches, deciders);
}

}  // namespace sextant::policy
