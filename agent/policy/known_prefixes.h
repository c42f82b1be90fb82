// The prefixes that policies and CIDR groups name: what cuts the world into identities (pkg/ipcache/metadata.go).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/model/intent.h"
#include "agent/model/objects.h"
#include "agent/policy/labels.h"

namespace sextant::policy {

// One CiliumCIDRGroup.
struct CidrGroup {
  ObjectKey key{};
  Origin origin{};
  SharedList<Label> labels{};  // of source cidrgroup, its name's among them
  std::vector<Prefix> prefixes{};
  std::vector<std::string> notes{};  // entries that are no prefix
};
CidrGroup read_cidr_group(const PolicyObject& object, Release release, Symbols& symbols);

class KnownPrefixes {
 public:
  void add_policy_prefix(const Prefix& prefix);
  void remove_policy_prefix(const Prefix& prefix);
  void add_group(const CidrGroup& group);
  void remove_group(const CidrGroup& group);

  // Zero prefixes are known always and are not among these.
  struct Known {
    std::uint32_t policies = 0;                                      // how often a policy names it
    std::map<std::string, SharedList<Label>, std::less<>> groups{};  // by the group's name
    bool empty() const { return policies == 0 && groups.empty(); }
  };
  using All = std::unordered_map<Prefix, Known, PrefixHash>;
  const All& all() const { return known_; }
  // Rises whenever some address may have become another identity.
  std::uint64_t generation() const { return generation_; }

  using Entry = All::value_type;
  // The longest known prefix that holds `address`, of those shorter than that; nullptr: none does.
  const Entry* longest(const IpAddress& address, std::uint8_t shorter_than = 129) const;
  // All that hold it, the longest first. They follow from the longest.
  std::vector<const Entry*> covering(const IpAddress& address) const;
  // Labels that groups give to the zero prefix of a family.
  const std::vector<Label>& zero_group_labels(bool v4) const { return v4 ? zero_v4_ : zero_v6_; }

 private:
  void count_length(const Prefix& prefix, int change);
  void recount_zero();

  All known_{};
  std::uint64_t generation_ = 0;
  std::map<std::uint8_t, std::uint32_t, std::greater<>> lengths_{};  // how many prefixes have a length
  std::map<std::string, SharedList<Label>, std::less<>> zero_groups_v4_{}, zero_groups_v6_{};
  std::vector<Label> zero_v4_{}, zero_v6_{};
};

}  // namespace sextant::policy
