// Verdicts where some rule has an authentication mode: whether the entry that decides asks for authentication depends
// on Cilium's map, entry by entry (pkg/policy/mapstate.go:authPreferredInsert, lookup).
#pragma once

#include "agent/policy/judge.h"

namespace sextant::policy {

// For what is not denied.
Judgement judge_authenticated(const SubjectPolicy& subject, const PeerIdentity& peer, Protocol protocol,
                              std::uint16_t port, Release release);

}  // namespace sextant::policy
