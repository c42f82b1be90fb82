// The rules that were considered for one verdict, and what became of each.
#pragma once

#include <string>
#include <vector>

#include "agent/policy/judge.h"

namespace sextant::policy {

struct Question {
  const SubjectPolicy& subject;
  const PeerIdentity& peer;
  const Identities& identities;
  const Symbols& symbols;
  const Judgement& judgement;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};

// Every element that selects the subject: those that decided, those that match and were overruled, those that nearly
// match, then the rest.
std::vector<RuleTrace> trace(const Question& question);

}  // namespace sextant::policy
