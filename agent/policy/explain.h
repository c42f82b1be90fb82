// Words for verdicts: sentences that a tired person understands at night.
#pragma once

#include <string>
#include <vector>

#include "agent/policy/judge.h"

namespace sextant::policy {

// One sentence without a final full stop.
std::string why(const SubjectPolicy& subject, const Judgement& judgement);
// The policies that decided; for default deny those that close the subject. Without repetition.
SharedPolicies deciding_policies(const SubjectPolicy& subject, const Judgement& judgement);
// "443/TCP", "ICMPv6 type 128".
std::string port_text(Protocol protocol, std::uint16_t port);

}  // namespace sextant::policy
