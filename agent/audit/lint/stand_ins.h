// Stand-ins: pods, namespaces and nodes that policies speak of and that the manifests do not hold.
//
// Whether a rule makes a difference must not hang on who happens to be in a folder: a rule for the front end means
// something although the front end is deployed from elsewhere. Stand-ins only ever send; they hold addresses of the
// discard prefix (RFC 6666), which are nobody's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/intent.h"
#include "agent/model/world.h"

namespace sextant::audit::lint {

inline constexpr std::string_view kStandIn = "sextant-stand-in";

// For each selector of a policy a pod that it selects, for each namespace one without labels, and a node.
std::vector<Object> stand_ins(const World& world);
bool is_stand_in(const SourceClass& source);

// A pod that the selector of a subject selects; nullopt: none can be made up. `ns` is the policy's; empty: any.
std::optional<Pod> selected_by(const Document& selector, const std::string& ns);

}  // namespace sextant::audit::lint
