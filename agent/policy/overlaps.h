// Where port ranges begin and end, and how many rules hold there: what finding out all verdicts of a peer costs, in
// time and in what must be remembered of who decided.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/policy/judge.h"

namespace sextant::policy {

// Beyond this the verdicts of a peer are unknown. A thousand rules of one port each, beside thirty for every port, are
// within it.
inline constexpr std::uint64_t kMostOverlaps = 1U << 16U;

// The first ports of the ranges in which a protocol's verdict cannot change; ascending, the first is 0.
std::vector<std::uint32_t> edges(const SubjectPolicy& subject, Protocol protocol);

// The items that hold at each edge of each protocol, summed over the edges. With `sight`: of those that concern the
// peer.
std::uint64_t overlaps(const SubjectPolicy& subject, const Sight* sight = nullptr);

// Whether the peer meets more than kMostOverlaps.
bool too_many_overlaps(const SubjectPolicy& subject, const Sight& sight);

}  // namespace sextant::policy
