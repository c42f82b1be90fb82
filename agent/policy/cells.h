// The verdicts of one peer for every protocol and port, as the fewest ranges.
#pragma once

#include <vector>

#include "agent/policy/judge.h"

namespace sextant::policy {

// Complete for TCP, UDP, SCTP, ICMPv6 and kAny; other protocols where a rule names them. Sorted, equal neighbours
// merged.
std::vector<IntentCell> cells_for(const SubjectPolicy& subject, const Sight& sight, Release release);

}  // namespace sextant::policy
