#include "agent/audit/services/forwarding.h"

#include <algorithm>

namespace sextant::audit {

Forwarding completed(Forwarding known, const World& world) {
  const bool has_nodes = std::ranges::any_of(
      world.others(), [](const auto& entry) { return entry.first.kind == ObjectKind::kCiliumNode; });
  if (has_nodes || known.kube_proxy_replacement == true) known.has_cilium = true;
  return known;
}

}  // namespace sextant::audit
