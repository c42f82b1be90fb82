// Rules on the same port for the same peer become one, as in Cilium's L4 filters (pkg/policy/rule.go:mergePortProto,
// pkg/policy/l4.go). Only subjects need it whose rules authenticate, ask for several L7 protocols, or write a port
// oddly: for all others the result is the same without.
#pragma once

#include <string>
#include <vector>

#include "agent/policy/subject.h"

namespace sextant::policy {

struct RawItem {
  Item item{};
  const Redirect* redirect = nullptr;  // never null
  const PortItem* port = nullptr;      // null: no port was given
};

bool needs_merging(const std::vector<RawItem>& items, bool authenticates);

// Appends the merged items. Not empty: why Cilium cannot compute the subject's policy.
std::string merge_items(const std::vector<RawItem>& items, Release release, const Identities& identities,
                        std::vector<Item>& merged);

}  // namespace sextant::policy
