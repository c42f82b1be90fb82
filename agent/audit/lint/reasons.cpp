#include "agent/audit/lint/reasons.h"

#include <array>

#include "agent/audit/codes.h"

namespace sextant::audit::lint {
namespace {

constexpr std::array<Reason, static_cast<std::size_t>(ReasonId::kCount)> kReasons{{
    {ReasonId::kRefused, "refused", Severity::kWarning, "refused by the API server",
     "The schema of the policy's kind does not allow it, so that the API server refuses the object: it never comes "
     "into "
     "force."},
    {ReasonId::kRejected, "rejected", Severity::kWarning, "stored, but rejected by Cilium",
     "The API server stores the object, and Cilium's agent rejects it: not one of its rules is in force, the good ones "
     "neither. What only this policy selects is open."},
    {ReasonId::kPruned, "pruned-field", Severity::kWarning, "a field that the API server prunes",
     "The API server removes fields that the schema does not know, without an error where the client does not ask for "
     "one. The rule that is left may be wider than what is written."},
    {ReasonId::kUncomputable, "uncomputable", Severity::kInfo, "a part that cannot be computed",
     "The verdict depends on what only the running cluster or a cloud knows: Sextant calls it unknown."},
    {ReasonId::kSelectsNothing, "selects-nothing", Severity::kWarning, "selects nothing",
     "No pod, pod template or node that is known is selected: the policy protects nothing. Pods that are selected by "
     "no other policy are open."},
    {ReasonId::kShadowed, "shadowed", Severity::kWarning, "shadowed by a deny",
     "Whatever the rule allows is denied by another one: a deny wins however narrow the allow is. Without the rule, no "
     "verdict would change."},
    {ReasonId::kRedundant, "redundant", Severity::kInfo, "made void by another allow",
     "Whatever the rule allows, others allow already: it limits nothing, and removing it changes no verdict."},
    {ReasonId::kOverruled, "overruled", Severity::kWarning, "a deny that another policy overrules",
     "A policy of a higher tier allows what the rule denies: the deny has no effect."},
    {ReasonId::kRemoteClients, "remote-clients", Severity::kWarning, "cluster or remote-node lets the internet in",
     "With native routing, a client of a NodePort or LoadBalancer service that comes in through another node is seen "
     "as that "
     "node: remote-node, which is part of cluster. Both therefore let the internet in."},
    {ReasonId::kOneFamily, "one-family", Severity::kWarning, "one address family only",
     "The whole internet of one family is named and the other forgotten: 0.0.0.0/0 says nothing about IPv6."},
    {ReasonId::kWorldPrefix, "world-prefix", Severity::kInfo, "::/0 where world is meant",
     "::/0 matches what is outside the cluster, never a pod or a node, and says nothing about IPv4. The entity world "
     "says "
     "that, for both families."},
    {ReasonId::kClusterPrefix, "cluster-prefix", Severity::kWarning, "a prefix of pods or nodes",
     "Cilium knows pods and nodes by identity: a rule on prefixes never matches them."},
    {ReasonId::kOneNamespace, "one-namespace", Severity::kInfo, "fromEndpoints: [{}] is one namespace",
     "In a CiliumNetworkPolicy an empty selector means the pods of the policy's own namespace: no other namespace, no "
     "node, "
     "and nobody outside."},
    {ReasonId::kEmptyRule, "empty-rule", Severity::kWarning, "an empty rule",
     "Missing, [] and [{}] differ, and differ between the kinds of policy: one is no rule at all, another nobody, the "
     "third "
     "everybody."},
    {ReasonId::kNoPacketTooBig, "no-packet-too-big", Severity::kWarning, "default deny without ICMPv6",
     "IPv6 routers do not fragment: a server that does not hear Packet Too Big (ICMPv6 type 2) hangs with every client "
     "behind a smaller link. Any router on the way sends it, so that it must be let in from everywhere. Neighbour "
     "discovery "
     "is answered before the policy."},
    {ReasonId::kFilteredLabel, "filtered-label", Severity::kWarning, "a label that Cilium does not look at",
     "Cilium leaves labels that change often, and its own, out of identities. A selector that asks for one matches "
     "nothing; "
     "one that asks for its absence matches everything."},
    {ReasonId::kHostBits, "host-bits", Severity::kInfo, "a prefix with host bits set",
     "Bits beyond the prefix length have no effect: the rule is about the whole prefix, not the address that is "
     "written."},
    {ReasonId::kDefect, "release-defect", Severity::kWarning, "a defect of the release",
     "The release of Cilium does not do with this policy what its authors meant."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    if (static_cast<std::size_t>(kReasons[i].id) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one row per reason, in the order of the enumeration");

}  // namespace

std::span<const Reason> reasons() { return kReasons; }
const Reason& reason(ReasonId id) { return kReasons[static_cast<std::size_t>(id)]; }
std::string code_of(const Reason& reason) {
  return std::string(kIneffectivePolicy.id) + "/" + std::string(reason.word);
}

}  // namespace sextant::audit::lint
