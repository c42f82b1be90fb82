// Which source a backend's policies see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/audit/services/backends.h"
#include "agent/audit/services/door.h"

namespace sextant::audit {

// More than one: it is not known which.
struct SeenSource {
  bool kept = false;              // the client's address
  bool of_node = false;           // the entry node's address
  bool of_tunnel = false;         // the entry node's, but with the identity "world" from the tunnel's header
  std::string_view text() const;  // "kept", "translated", "kept or translated"
};

// Packets that enter at `entry_node` (empty: not known which) and leave for the backend; nullopt: none do, since only
// the node's own backends are used.
std::optional<SeenSource> seen_source(const Door& door, const Backend& backend, const std::string& entry_node,
                                      const Forwarding& forwarding);

}  // namespace sextant::audit
