#include "agent/policy/release.h"

#include <charconv>
#include <string>

namespace sextant::policy {
namespace {

constexpr bool y = true, n = false;

constexpr std::array<Difference, static_cast<std::size_t>(Trait::kCount)> kDifferences{{
    {Trait::kReservedDotIsSource,
     {y, y, y, n},
     "a label key 'reserved.x' without another source is 'x' of source reserved, as '$x' is",
     "pkg/labels/labels.go:parseSource"},
    {Trait::kTopologyLabelsFiltered,
     {n, n, y, y},
     "labels under topology.kubernetes.io never reach an identity",
     "pkg/labelsfilter/filter.go"},
    {Trait::kNodesCarryClusterLabel,
     {n, y, y, y},
     "with enable-node-selector-labels, remote nodes carry the cluster's label",
     "pkg/node/manager/manager.go"},
    {Trait::kLocalNodeCarriesNodeLabels,
     {n, n, n, y},
     "with enable-node-selector-labels, the local node carries its node labels too",
     "pkg/node/manager/manager.go"},
    {Trait::kHostByLabel,
     {y, y, y, n},
     "a pod with a label named 'host' is taken for the host: without the host firewall nothing is enforced on it",
     "pkg/policy/repository.go"},
    {Trait::kAggregates,
     {n, n, n, y},
     "the second map lookup asks for the identity's aggregate; selectors of negative requirements match aggregates",
     "pkg/policy/aggregate.go"},

    {Trait::kClusterScopedPeers,
     {n, y, y, y},
     "peers can be limited to the local cluster (policy-default-local-cluster)",
     "pkg/k8s/apis/cilium.io/utils/utils.go"},
    {Trait::kClusterScopedByDefault,
     {n, n, y, y},
     "peers are limited to the local cluster unless the option says otherwise",
     "pkg/option/config.go"},
    {Trait::kStrictSelectorKeys,
     {n, n, n, y},
     "a selector's key and source are validated as written: ':app' and '-app' are rejected",
     "pkg/labels/validation.go"},
    {Trait::kNodePeersOnly,
     {n, y, y, y},
     "fromNodes selects remote nodes only; without this it can match pods and the world (CVE-2025-30163)",
     "pkg/k8s/apis/cilium.io/utils/utils.go"},
    {Trait::kFromRequires,
     {y, y, n, n},
     "fromRequires adds requirements to every fromEndpoints of the subject's rules; later it must be empty",
     "pkg/policy/rules.go, pkg/policy/api/ingress.go"},

    {Trait::kWorldStandsForBothFamilies,
     {y, n, n, n},
     "in dual stack, what selects reserved:world selects world-ipv4 and world-ipv6",
     "pkg/policy/l4.go:toMapState"},
    {Trait::kCidrSelectors,
     {n, n, y, y},
     "rules on prefixes and groups are selectors of their own kind",
     "pkg/policy/types/selector.go:CIDRSelector"},
    {Trait::kZeroPrefixIsWorld,
     {n, n, y, y},
     "a prefix of length 0 is the world label of its family, also with host bits set",
     "pkg/labels/cidr.go"},
    {Trait::kZeroPrefixSetSelectsPrefixes,
     {n, y, n, n},
     "a prefix of length 0 in fromCIDRSet selects prefix identities beside the world",
     "pkg/policy/api/cidr.go"},
    {Trait::kZeroPrefixSetBySuffix,
     {n, y, n, n},
     "any text that ends in /0 counts as length 0 in fromCIDRSet, not only 0.0.0.0/0 and ::/0",
     "pkg/policy/api/cidr.go"},
    {Trait::kForeignWorldLabelQualified,
     {n, n, y, y},
     "with one family, a zero prefix of the other family is not the world",
     "pkg/labels/cidr.go:getWorldLabel"},
    {Trait::kExceptMustBeLonger,
     {n, n, n, y},
     "an except shorter than its cidr is rejected",
     "pkg/policy/api/rule_validation.go"},
    {Trait::kZeroGroupReachesLonger,
     {y, n, n, n},
     "a CIDR group that lists a zero prefix reaches longer known prefixes",
     "pkg/ipcache/metadata.go:mergeParentLabels"},
    {Trait::kGroupOrderIsChance,
     {y, n, n, n},
     "of CIDR groups that list the same prefix with different values of one label, Go's map order decides: what "
     "depends "
     "on it is unknown. Later the first by name wins",
     "pkg/ipcache/types.go:ToLabels"},
    {Trait::kGroupValuesKept,
     {n, n, n, y},
     "of overlapping CIDR groups every value of a label counts, not only the longest prefix's",
     "pkg/policy/k8s/cilium_cidr_group.go"},
    {Trait::kCidrNeedsWorldOrNode,
     {n, n, n, y},
     "a CIDR rule selects nothing but world and, with policy-cidr-match-mode nodes, nodes",
     "pkg/policy/types/selector.go:CIDRSelector.Matches"},

    {Trait::kNodeSelectorRefusedInSpecs,
     {n, y, y, y},
     "a CiliumNetworkPolicy with a nodeSelector in specs is rejected; before, that spec has no effect",
     "pkg/k8s/apis/cilium.io/v2/cnp_types.go:Parse"},
    {Trait::kNetworkPolicyValidated,
     {y, y, n, n},
     "a NetworkPolicy passes through the validation of Cilium's own rules",
     "pkg/k8s/network_policy.go"},
    {Trait::kNetworkPolicyBadSelectorMatchesAll,
     {n, n, y, n},
     "a peer of a NetworkPolicy with an invalid selector is everyone",
     "pkg/policy/types/requirements.go"},
    {Trait::kKafkaAndL7Proto, {y, y, y, n}, "kafka and l7proto rules exist", "pkg/policy/api/l4.go"},
    {Trait::kVrrpAndIgmp, {n, n, y, y}, "toPorts takes VRRP and IGMP", "pkg/policy/api/utils.go"},
    {Trait::kTunnelProtocols, {n, n, n, y}, "toPorts takes GRE, IPIP, IPV6, ESP and AH", "pkg/policy/api/utils.go"},
    {Trait::kLogField,
     {n, y, y, y},
     "a rule may have a log value; before, the API server prunes it",
     "pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml"},

    {Trait::kClusterMeshEntity, {n, n, n, y}, "the entity cluster-mesh exists", "pkg/policy/api/entity.go"},
    {Trait::kClusterNetworkPolicy,
     {n, n, n, y},
     "ClusterNetworkPolicy is enforced, in tiers around the others",
     "pkg/k8s/cluster_network_policy.go"},
    {Trait::kGroupsAreSelectors,
     {n, n, n, y},
     "fromGroups is a selector; before, the object is skipped and the operator writes a derived one",
     "pkg/policy/k8s/cilium_network_policy.go"},
    {Trait::kIpBlockExclusive,
     {n, n, n, y},
     "a NetworkPolicy's ipBlock peer selects its prefix only. 1.19: also the pods of the policy's namespace "
     "(CVE-2026-56743); 1.18 with policy-default-local-cluster: the object is rejected",
     "pkg/k8s/network_policy.go:parseNetworkPolicyPeer"},

    {Trait::kHostAllowanceIsLastTier,
     {n, n, n, y},
     "the local host is let in by a rule of the last tier, only if some ingress rule selects the pod",
     "pkg/policy/repository.go:computePolicyEnforcementAndRules"},
    {Trait::kParserConflictAcrossPeers,
     {y, n, n, n},
     "two L7 protocols on one port conflict whoever the peers are; later only for the same peer",
     "pkg/policy/rule.go:mergePortProto"},
    {Trait::kRedirectWithoutRules,
     {n, y, y, n},
     "l7proto without l7 rules redirects",
     "pkg/policy/l4.go:createL4Filter"},
    {Trait::kAuthSurvivesRedirect,
     {n, y, y, y},
     "an explicit authentication survives under a broader redirect",
     "pkg/policy/mapstate.go:authPreferredInsert"},
    {Trait::kBroaderPortDecidesAuth,
     {n, n, n, y},
     "of the peer's own entry and the one behind it, the one with the broader port decides the authentication",
     "pkg/policy/mapstate.go:lookup"},
    {Trait::kWildcardRedirectInherited,
     {y, n, n, n},
     "a peer's entry inherits the redirect of the any-peer entry on the same port",
     "pkg/policy/l4.go:toMapState"},
    {Trait::kPortKeyIsDecimal,
     {y, y, y, n},
     "ports are merged by their decimal reading while the port itself is read in Go's base 0: '010' and '10' are one",
     "pkg/policy/l4.go:Upsert"},
    {Trait::kRulesAreOrdered,
     {n, n, y, y},
     "of rules that meet on one port the first by kind, namespace and name goes first; before, Go's map order decides: "
     "what depends on it is unknown",
     "pkg/policy/rules.go:sort"},
    {Trait::kZeroPortRangeIsAll,
     {n, n, n, y},
     "a range that begins at port 0 is every port",
     "pkg/policy/l4.go:keysForRange"},
}};

constexpr std::array<Defect, 9> kDefects{{
    {Trait::kIpBlockExclusive,
     {n, n, y, n},
     "CVE-2026-56743",
     "an ipBlock of a NetworkPolicy's ingress lets every pod of the policy's namespace in",
     {0, 0, 5, 0},
     "https://github.com/cilium/cilium/security/advisories/GHSA-fm8w-2m5w-9j7r"},
    {Trait::kIpBlockExclusive,
     {n, y, n, n},
     "ipblock-rejected",
     "with policy-default-local-cluster, a NetworkPolicy with an ipBlock in its ingress is rejected as a whole: what "
     "only "
     "it selects is open",
     {0, 0, 0, 0},
     "pkg/k8s/network_policy.go:parseNetworkPolicyPeer"},
    {Trait::kNodePeersOnly,
     {y, n, n, n},
     "CVE-2025-30163",
     "fromNodes matches pods with the same labels too, and with an empty or a negative selector the world",
     {2, 0, 0, 0},
     "https://github.com/cilium/cilium/security/advisories/GHSA-c6pf-2v8j-96mc"},
    {Trait::kGroupOrderIsChance,
     {y, n, n, n},
     "group-order-chance",
     "chance decides which of the CIDR groups that list the same prefix gives a label its value",
     {0, 0, 0, 0},
     "pkg/ipcache/types.go:ToLabels"},
    {Trait::kAggregates,
     {n, n, n, y},
     "negative-selector-aggregates",
     "a selector of negative requirements only matches the aggregates: identities behind them that it means to leave "
     "out "
     "are let in, or denied, too",
     {0, 0, 0, 0},
     "pkg/policy/aggregate.go"},
    {Trait::kHostByLabel,
     {y, y, y, n},
     "host-label",
     "a pod with a label named 'host' is taken for the host: without the host firewall no policy is enforced on it",
     {0, 0, 0, 0},
     "pkg/policy/repository.go"},
    {Trait::kNetworkPolicyBadSelectorMatchesAll,
     {n, n, y, n},
     "bad-selector-matches-all",
     "a peer of a NetworkPolicy with an invalid selector is everyone, the internet too",
     {0, 0, 0, 0},
     "pkg/policy/types/requirements.go"},
    {Trait::kBroaderPortDecidesAuth,
     {n, n, n, y},
     "broader-port-decides-authentication",
     "of two rules for a peer, the one with the broader port decides whether it must authenticate",
     {0, 0, 0, 0},
     "pkg/policy/mapstate.go:lookup"},
    {Trait::kPortKeyIsDecimal,
     {y, y, y, n},
     "octal-ports-merge",
     "ports are merged by their decimal reading while a leading 0 makes the port octal: rules on '010' and '10' are "
     "one",
     {0, 0, 0, 0},
     "pkg/policy/l4.go:Upsert"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kDifferences.size(); ++i) {
    if (static_cast<std::size_t>(kDifferences[i].trait) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row per trait, in the order of the enumeration");

struct Known {
  Release release;
  int minor;
  std::string_view text;
};
constexpr std::array<Known, 4> kKnown{{{Release::k1_17_0, 17, "1.17.0"},
                                       {Release::k1_18_6, 18, "1.18.6"},
                                       {Release::k1_19_3, 19, "1.19.3"},
                                       {Release::k1_20_2, 20, "1.20.2"}}};

// A Release is the index of a known one and, above it, a bit for each trait changed.
constexpr std::uint64_t kIndexBits = 2;
static_assert(kKnown.size() <= 1U << kIndexBits);
static_assert(static_cast<std::size_t>(Trait::kCount) + kIndexBits <= 64);

std::size_t known_index(Release release) { return static_cast<std::uint64_t>(release) & ((1U << kIndexBits) - 1); }
std::size_t index_of(Trait trait) { return static_cast<std::size_t>(trait); }
std::uint64_t bit_of(Trait trait) { return std::uint64_t{1} << (kIndexBits + index_of(trait)); }

// `release` without the defects that this patch of its minor has mended.
Release mended(Release release, int patch) {
  Release result = release;
  for (const Defect& defect : kDefects) {
    const int since = defect.mended_patch[known_index(release)];
    if (since != 0 && patch >= since) result = changed(result, defect.trait);
  }
  return result;
}

// Reads a number at the front of `text` and takes it off.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::span<const Difference> differences() { return kDifferences; }

std::span<const Defect> defects() { return kDefects; }

bool has(Release release, Trait trait) {
  const bool holds = kDifferences[index_of(trait)].holds[known_index(release)];
  return holds != ((static_cast<std::uint64_t>(release) & bit_of(trait)) != 0);
}

bool has(Release release, const Defect& defect) {
  const std::size_t index = known_index(release);
  return defect.in[index] && has(release, defect.trait) == kDifferences[index_of(defect.trait)].holds[index];
}

Release changed(Release release, Trait trait) {
  return static_cast<Release>(static_cast<std::uint64_t>(release) ^ bit_of(trait));
}

std::string mended_in(const Defect& defect, Release release) {
  const std::size_t index = known_index(release);
  if (const int patch = defect.mended_patch[index]; patch != 0) {
    return "1." + std::to_string(kKnown[index].minor) + "." + std::to_string(patch);
  }
  for (std::size_t later = index + 1; later < kKnown.size(); ++later) {
    if (!defect.in[later]) return std::string(kKnown[later].text);
  }
  return {};
}

std::string_view to_string(Release release) { return kKnown[known_index(release)].text; }

Result<ReleaseChoice> release_from(std::string_view version) {
  const std::string_view whole = version;
  if (version.starts_with('v')) version.remove_prefix(1);
  const std::string_view plain = version;
  const auto major = take_number(version);
  if (!major || *major != 1 || !version.starts_with('.')) {
    return failure("'" + std::string(whole) + "' is no release of Cilium that is known: 1.17 to 1.20");
  }
  version.remove_prefix(1);
  const auto minor = take_number(version);
  if (!version.empty() && !version.starts_with('.')) {
    return failure("'" + std::string(whole) + "' is no version");
  }
  if (!version.empty()) version.remove_prefix(1);
  const std::optional<int> patch = take_number(version);
  for (const Known& known : kKnown) {
    if (minor != known.minor) continue;
    const bool exact = plain == known.text;
    return ReleaseChoice{.release = patch && !exact ? mended(known.release, *patch) : known.release, .exact = exact};
  }
  return failure("Cilium " + std::string(whole) + " is not known: 1.17 to 1.20 are");
}

}  // namespace sextant::policy
