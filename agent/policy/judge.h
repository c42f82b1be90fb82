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
};

// Which items concern the peer, port and protocol aside. As SubjectPolicy::items.
std::vector<bool> items_for(const SubjectPolicy& subject, const PeerIdentity& peer);

Because because_of(const Item& item);

// `concerned`: what items_for() gave for the peer.
Judgement judge(const SubjectPolicy& subject, const std::vector<bool>& concerned, const PeerIdentity& peer, Protocol protocol,
                std::uint16_t port, Release release);

}  // namespace sextant::policy
