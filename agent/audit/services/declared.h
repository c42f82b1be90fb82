// Who says that a door is meant to be public, policies aside: an annotation, a Gateway, an Ingress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/services/backends.h"
#include "agent/audit/services/door.h"

namespace sextant::audit {

// The annotation sextant.dev/public: "true" for every port of the service, or a list of its ports, by number, name or
// NUMBER/PROTOCOL: "443, 443/UDP, metrics". "false" is as none.
struct Declaration {
  bool names_port = false;
  std::string problem{};  // of the first entry that is none of these
};
Declaration declaration_of(const Door& door);

// "annotation sextant.dev/public", "Gateway infra/edge listener https", "Ingress shop/web"; empty: nobody.
//
// A Gateway or Ingress declares a service's port when its status names one of the service's public addresses and one of
// its ports is the service's or the backends' (Traefik's listeners have the numbers of its containers' ports).
std::string declared_by(const World& world, const Door& door, const std::vector<Backend>& backends);

}  // namespace sextant::audit
