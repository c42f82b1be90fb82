// What differs between Cilium's releases, in one place: a list that a reader (and `lint`, and `diff`) can go through.
//
// Code never compares releases; it asks for one named trait. Sources are files of github.com/cilium/cilium at the tag
// of the release, and advisories.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "agent/policy/engine.h"

namespace sextant::policy {

enum class Trait : std::uint8_t {
  // Labels and identities.
  kReservedDotIsSource,
  kTopologyLabelsFiltered,
  kNodesCarryClusterLabel,
  kLocalNodeCarriesNodeLabels,
  kHostByLabel,
  kAggregates,
  // Selectors.
  kClusterScopedPeers,
  kClusterScopedByDefault,
  kStrictSelectorKeys,
  kNodePeersOnly,
  kFromRequires,
  // Prefixes and groups.
  kWorldStandsForBothFamilies,
  kCidrSelectors,
  kZeroPrefixIsWorld,
  kZeroPrefixSetSelectsPrefixes,
  kZeroPrefixSetBySuffix,
  kForeignWorldLabelQualified,
  kExceptMustBeLonger,
  kZeroGroupReachesLonger,
  kGroupOrderIsChance,
  kGroupValuesKept,
  kCidrNeedsWorldOrNode,
  // Validity.
  kNodeSelectorRefusedInSpecs,
  kNetworkPolicyValidated,
  kNetworkPolicyBadSelectorMatchesAll,
  kKafkaAndL7Proto,
  kVrrpAndIgmp,
  kTunnelProtocols,
  kLogField,
  // Kinds and peers.
  kClusterMeshEntity,
  kClusterNetworkPolicy,
  kGroupsAreSelectors,
  kIpBlockExclusive,
  // Verdicts.
  kHostAllowanceIsLastTier,
  kParserConflictAcrossPeers,
  kRedirectWithoutRules,
  kAuthSurvivesRedirect,
  kBroaderPortDecidesAuth,
  kWildcardRedirectInherited,
  kPortKeyIsDecimal,
  kRulesAreOrdered,
  kZeroPortRangeIsAll,
  kCount
};

// One row of the list.
struct Difference {
  Trait trait;
  std::array<bool, 4> holds;  // 1.17.0, 1.18.6, 1.19.3, 1.20.2
  std::string_view what;      // true where it holds
  std::string_view source;
};
// In the order of Trait; one row per trait.
std::span<const Difference> differences();

bool has(Release release, Trait trait);
// `release` but for one trait.
Release changed(Release release, Trait trait);

// A difference that Cilium's authors did not mean: an advisory mends it, or a later release does.
struct Defect {
  Trait trait;
  std::array<bool, 4> in;           // which releases have it
  std::string_view id;              // the advisory's, or a name
  std::string_view what;            // a sentence without a final full stop
  std::array<int, 4> mended_patch;  // of each minor the first patch without it; 0: none is known
  std::string_view source;
};
std::span<const Defect> defects();
// False where the release is asked about with it mended.
bool has(Release release, const Defect& defect);
// The first release from there on that is known not to have it: "1.19.5"; empty: none is known.
std::string mended_in(const Defect& defect, Release release);

}  // namespace sextant::policy
