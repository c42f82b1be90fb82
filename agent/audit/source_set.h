// Several source classes as one exact list of prefixes.
#pragma once

#include <memory>
#include <vector>

#include "agent/model/intent.h"

namespace sextant::audit {

struct SourceSet {
  std::vector<Prefix> prefixes{};  // minimal, sorted
  std::vector<Prefix> except{};    // holes in them: prefixes minus except is exact
  bool world = false;              // all of the internet but for `except`
};

// The union of the classes' addresses, which do not overlap.
SourceSet union_of(const std::vector<std::shared_ptr<const SourceClass>>& classes);

}  // namespace sextant::audit
