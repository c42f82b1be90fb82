// What SXT001 and SXT009 have in common: findings about one row's packets.
#pragma once

#include <optional>
#include <string>

#include "agent/audit/finding_book.h"
#include "agent/audit/picture.h"

namespace sextant::audit {

// Endpoint, port, source and policies; evidence intended, observed (absent: to be filled in), listening.
// judged.cell must not be nullptr.
Claim claim_about(const Picture& picture, const RowObservation& row, const JudgedRow& judged, const Code& code);

// Why the endpoint of the finding is none of this node's any more; std::nullopt: it is there, or nobody has looked.
std::optional<std::string> endpoint_gone(const Picture& picture, const Finding& finding);

// What the intent says now about the source that was seen; nullptr: cannot tell.
const IntentCell* cell_now(const Picture& picture, const Finding& finding);

// The row of the finding's class with the newest packet: classes are cut anew under the same name.
std::optional<RowObservation> newest_of(const Picture& picture, const Finding& finding);

}  // namespace sextant::audit
