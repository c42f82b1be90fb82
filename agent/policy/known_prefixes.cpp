#include "agent/policy/known_prefixes.h"

#include "agent/policy/release.h"
#include "agent/policy/selector.h"

namespace sextant::policy {

CidrGroup read_cidr_group(const PolicyObject& object, Release release, Symbols& symbols) {
  CidrGroup group{.key = {.kind = object.kind, .ns = object.ns, .name = object.name}, .origin = object.origin};
  std::vector<Label> given;
  const auto add = [&](std::string_view key, std::string_view value) {
    given.push_back({.source = kCidrGroup, .key = symbols.intern(key), .value = symbols.intern(value)});
  };
  if (const auto labels = object.body->at({"metadata", "labels"})) {
    for (const auto& [written, value] : labels->members) {
      if (written.starts_with(kCiliumLabelPrefix)) continue;
      const std::string_view key = key_in_identity(written, release);
      add(key, value.text);
      if (has(release, Trait::kGroupValuesKept)) add(encoded_group_key(key, value.text), "");
    }
  }
  add(std::string(kGroupNamePrefix) + object.name, "");
  group.labels = std::move(given);
  const auto list = object.body->at({"spec", "externalCIDRs"});
  for (std::size_t i = 0; list && i < list->items.size(); ++i) {
    const std::string& text = list->items[i].text;
    const Result<Prefix> prefix = Prefix::parse(text);
    if (prefix && text.find('/') != std::string::npos) {
      group.prefixes.push_back(*prefix);
    } else {
      group.notes.push_back("spec.externalCIDRs[" + std::to_string(i) + "]: '" + text +
                            "' is no prefix and has no effect");
    }
  }
  return group;
}

void KnownPrefixes::count_length(const Prefix& prefix, int change) {
  std::uint32_t& count = lengths_[prefix.length];
  count += static_cast<std::uint32_t>(change);
  if (count == 0) lengths_.erase(prefix.length);
}

void KnownPrefixes::add_policy_prefix(const Prefix& prefix) {
  if (is_zero_prefix(prefix)) return;
  const auto [at, added] = known_.try_emplace(prefix);
  if (added) count_length(prefix, 1);
  if (++at->second.policies == 1) ++generation_;
}

void KnownPrefixes::remove_policy_prefix(const Prefix& prefix) {
  const auto at = known_.find(prefix);
  if (at == known_.end() || at->second.policies == 0) return;
  if (--at->second.policies == 0) ++generation_;
  if (!at->second.empty()) return;
  known_.erase(at);
  count_length(prefix, -1);
}

void KnownPrefixes::add_group(const CidrGroup& group) {
  ++generation_;
  for (const Prefix& prefix : group.prefixes) {
    if (is_zero_prefix(prefix)) {
      (prefix.is_v4() ? zero_groups_v4_ : zero_groups_v6_)[group.key.name] = group.labels;
      recount_zero();
      continue;
    }
    const auto [at, added] = known_.try_emplace(prefix);
    if (added) count_length(prefix, 1);
    at->second.groups[group.key.name] = group.labels;
  }
}

void KnownPrefixes::remove_group(const CidrGroup& group) {
  ++generation_;
  zero_groups_v4_.erase(group.key.name);
  zero_groups_v6_.erase(group.key.name);
  recount_zero();
  for (const Prefix& prefix : group.prefixes) {
    const auto at = known_.find(prefix);
    if (at == known_.end()) continue;
    at->second.groups.erase(group.key.name);
    if (!at->second.empty()) continue;
    known_.erase(at);
    count_length(prefix, -1);
  }
}

void KnownPrefixes::recount_zero() {
  const auto gather = [](const auto& groups, std::vector<Label>& labels) {
    labels.clear();
    for (const auto& [name, entry] : groups) labels.insert(labels.end(), entry.begin(), entry.end());
  };
  gather(zero_groups_v4_, zero_v4_);
  gather(zero_groups_v6_, zero_v6_);
}

const KnownPrefixes::Entry* KnownPrefixes::longest(const IpAddress& address, std::uint8_t shorter_than) const {
  for (auto length = lengths_.upper_bound(shorter_than); length != lengths_.end(); ++length) {
    const auto at = known_.find(Prefix::masked(address, length->first));
    if (at != known_.end() && covers(at->first, address)) return &*at;
  }
  return nullptr;
}

std::vector<const KnownPrefixes::Entry*> KnownPrefixes::covering(const IpAddress& address) const {
  std::vector<const Entry*> found;
  for (const Entry* entry = longest(address); entry != nullptr; entry = longest(address, entry->first.length))
    found.push_back(entry);
  return found;
}

}  // namespace sextant::policy
