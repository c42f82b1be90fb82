#include "agent/audit/services/source_ranges.h"

#include <algorithm>
#include <optional>

namespace sextant::audit {
namespace {

// How one of those who may be translating reads the list.
struct Reading {
  bool binds = false;
  bool denies = false;
};

// The readings that are possible.
std::vector<Reading> readings(const Door& door, const Forwarding& forwarding, bool any_prefix) {
  const bool load_balancer = door.kind == DoorKind::kLoadBalancer;
  std::vector<Reading> all;
  if (forwarding.kube_proxy_replacement != false) {
    const auto policy = door.service->annotations.find("service.cilium.io/src-ranges-policy");
    const bool denies = policy != door.service->annotations.end() && policy->second == "deny";
    if (load_balancer || forwarding.ranges_for_all_types != false) all.push_back({.binds = true, .denies = denies});
    if (!load_balancer && forwarding.ranges_for_all_types != true) all.push_back({});
  }
  if (forwarding.kube_proxy_replacement != true) all.push_back({.binds = load_balancer && any_prefix});
  return all;
}

Passes all_of(const std::vector<Reading>& readings, bool (*passes)(const Reading&)) {
  const auto number = std::ranges::count_if(readings, passes);
  if (number == 0) return Passes::kNo;
  return static_cast<std::size_t>(number) == readings.size() ? Passes::kYes : Passes::kPerhaps;
}

std::shared_ptr<const SourceClass> narrowed(const SourceClass& source, std::vector<Prefix> prefixes,
                                            std::vector<Prefix> except) {
  std::vector<Prefix> left;
  for (const Prefix& prefix : prefixes) {
    for (const Prefix& part : subtract(prefix, except)) left.push_back(part);
  }
  if (left.empty()) return nullptr;
  SourceClass part = source;
  part.prefixes = minimize(std::move(prefixes));
  part.except = minimize(std::move(except));
  const bool holds_sample =
      std::ranges::any_of(left, [&](const Prefix& prefix) { return prefix.contains(source.sample); });
  if (!holds_sample) part.sample = left.front().address.next();
  return std::make_shared<const SourceClass>(std::move(part));
}

}  // namespace

bool SourceRanges::is_intent() const {
  const bool everybody =
      std::ranges::any_of(prefixes, [](const Prefix& prefix) { return prefix.contains(kGlobalUnicast); });
  return inside == Passes::kYes && outside == Passes::kNo && !prefixes.empty() && !everybody;
}

SourceRanges source_ranges_of(const Door& door, const Forwarding& forwarding) {
  SourceRanges ranges;
  if (door.service == nullptr || door.service->source_ranges.empty()) return ranges;
  std::ranges::copy_if(door.service->source_ranges, std::back_inserter(ranges.prefixes),
                       [](const Prefix& prefix) { return !prefix.is_v4(); });
  const std::vector<Reading> all = readings(door, forwarding, !ranges.prefixes.empty());
  ranges.inside = all_of(all, [](const Reading& r) { return !r.binds || !r.denies; });
  ranges.outside = all_of(all, [](const Reading& r) { return !r.binds || r.denies; });
  return ranges;
}

std::pair<std::shared_ptr<const SourceClass>, std::shared_ptr<const SourceClass>> split(
    const std::shared_ptr<const SourceClass>& source, const std::vector<Prefix>& prefixes) {
  std::vector<Prefix> common;
  for (const Prefix& own : source->prefixes) {
    for (const Prefix& range : prefixes) {
      if (own.contains(range))
        common.push_back(range);
      else if (range.contains(own))
        common.push_back(own);
    }
  }
  if (common.empty()) return {nullptr, source};
  std::vector<Prefix> holes = source->except;
  holes.insert(holes.end(), prefixes.begin(), prefixes.end());
  std::vector<Prefix> own_holes;
  std::ranges::copy_if(source->except, std::back_inserter(own_holes), [&](const Prefix& hole) {
    return std::ranges::any_of(common, [&](const Prefix& c) { return c.contains(hole) || hole.contains(c); });
  });
  std::vector<Prefix> rest_holes;
  std::ranges::copy_if(holes, std::back_inserter(rest_holes), [&](const Prefix& hole) {
    return std::ranges::any_of(source->prefixes, [&](const Prefix& c) { return c.contains(hole) || hole.contains(c); });
  });
  return {narrowed(*source, minimize(std::move(common)), std::move(own_holes)),
          narrowed(*source, source->prefixes, std::move(rest_holes))};
}

}  // namespace sextant::audit
