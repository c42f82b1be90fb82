// Words for verdicts: sentences that a tired person understands at night, and the rules that led there.
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
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};

// One sentence without a final full stop.
std::string why(const SubjectPolicy& subject, const Judgement& judgement);
// The policies that decided; for default deny those that select the subject. Without repetition.
std::vector<PolicyRef> deciding_policies(const SubjectPolicy& subject, const Judgement& judgement);
// Every policy that selects the subject, once each.
std::vector<PolicyRef> selecting_policies(const SubjectPolicy& subject);
// Every element that selects the subject: matched ones first, then those that nearly match, then the rest.
std::vector<RuleTrace> trace(const Question& question);

// "443/TCP", "ICMPv6 type 128".
std::string port_text(Protocol protocol, std::uint16_t port);

}  // namespace sextant::policy
