// Parts of an object by their path: "spec.ingress[0].toPorts".
#pragma once

#include <string_view>

#include "agent/base/document.h"

namespace sextant::audit::lint {

// The part, or the nearest part around it that is there.
const Document& nearest_part(const Document& object, std::string_view path);
// nullptr: there is no such part.
Document* part_at(Document& object, std::string_view path);

}  // namespace sextant::audit::lint
