// One question to a door: which backends, which source each sees, and what its policies say of that, rule by rule.
#pragma once

#include <optional>

#include "agent/audit/services/passage.h"
#include "agent/base/ip.h"
#include "agent/model/door_explanation.h"

namespace sextant::audit {

// Verdict, intent and order of backends are those of passages_of(). `traced` is lookups.decide with the rules that were
// considered. std::nullopt: the client is of no public class, and doors are judged for the internet.
std::optional<DoorExplanation> explain_door(const ServiceGround& ground, const Door& door, const IpAddress& client,
                                            const Deciding& traced);

}  // namespace sextant::audit
