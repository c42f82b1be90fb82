#include "agent/audit/source_set.h"

#include <algorithm>

namespace sextant::audit {
namespace {

void append(std::vector<Prefix>& to, const std::vector<Prefix>& from) { to.insert(to.end(), from.begin(), from.end()); }

std::vector<Prefix> addresses_of(const SourceClass& source) {
  std::vector<Prefix> addresses;
  for (const Prefix& prefix : source.prefixes) append(addresses, subtract(prefix, source.except));
  return addresses;
}

}  // namespace

SourceSet union_of(const std::vector<std::shared_ptr<const SourceClass>>& classes) {
  SourceSet set;
  bool any_holes = false;
  for (const auto& source : classes) {
    append(set.prefixes, source->prefixes);
    any_holes |= !source->except.empty();
    set.world |= source->name == "world";
  }
  if (set.world) set.prefixes.push_back(kGlobalUnicast);
  set.prefixes = minimize(std::move(set.prefixes));
  set.world |= std::ranges::any_of(set.prefixes, [](const Prefix& p) { return p.contains(kGlobalUnicast); });
  if (!any_holes && !set.world) return set;

  std::vector<Prefix> addresses;
  for (const auto& source : classes) append(addresses, addresses_of(*source));
  for (const Prefix& prefix : set.prefixes) append(set.except, subtract(prefix, addresses));
  set.except = minimize(std::move(set.except));
  return set;
}

}  // namespace sextant::audit
