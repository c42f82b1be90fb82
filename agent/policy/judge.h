// The verdict for one subject, peer, protocol and port.
#pragma once

#include <vector>

#include "agent/policy/subject.h"

namespace sextant::policy {

struct Judgement {
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  std::vector<const Item*> decided_by{};  // all that match with the precedence that decided
  bool passed = false;                    // a Pass rule of a higher tier handed the decision down
  bool by_chance = false;                 // unknown, because Cilium leaves the peer's identity to chance
  bool too_many = false;                  // unknown, because more rules overlap than are computed (overlaps.h)
};

// How one subject sees one peer: which of its items concern it, port and protocol aside.
struct Sight {
  PeerIdentity peer{};
  std::vector<bool> concerned{};  // as SubjectPolicy::items
  std::vector<Sight> instead{};   // as PeerIdentity::instead

  bool concerns(const SubjectPolicy& subject, std::size_t item) const {
    return concerned[item] || (subject.items[item].uncertain && peer.outside);
  }
};
Sight sight_of(const SubjectPolicy& subject, const PeerIdentity& peer);

Because because_of(const Item& item);

Judgement judge(const SubjectPolicy& subject, const Sight& sight, Protocol protocol, std::uint16_t port,
                Release release);

// judge(subject, sight_of(subject, peer), ...).verdict, without finding out who decided: some ten times faster.
Verdict verdict_alone(const SubjectPolicy& subject, const PeerIdentity& peer, Protocol protocol, std::uint16_t port,
                      Release release);

}  // namespace sextant::policy
