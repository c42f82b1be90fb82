// The names that fromEntities takes.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "agent/policy/selector.h"

namespace sextant::policy {

// The selectors that stand for an entity; nullopt: the release does not know it. `cluster` is the local cluster's name.
std::optional<std::vector<Selector>> entity_selectors(std::string_view name, std::string_view cluster,
                                                      const SelectorReader& reader);

}  // namespace sextant::policy
