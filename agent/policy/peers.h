// The from* members of an ingress rule, and ipBlock: read, validated, and turned into selectors.
#pragma once

#include <string_view>

#include "agent/policy/rule.h"

namespace sextant::policy {

// What the reading of peers depends on beyond the object.
struct PeerContext {
  const SelectorReader& selectors;
  bool dual_stack = false;
  bool node_selector_labels = false;  // enable-node-selector-labels
  bool cidr_match_nodes = false;      // policy-cidr-match-mode=nodes
  std::string_view cluster{};         // empty: peers of every cluster
  std::string_view entity_cluster{};  // the local cluster's name, for the entity `cluster`
  std::string_view ns{};              // of the policy; empty: cluster-wide
  bool subject_may_be_init = false;   // the subject's selector names reserved:init
};

// fromEndpoints, fromCIDR, fromCIDRSet, fromEntities, fromNodes, fromGroups of one element. `requires` gets
// fromRequires.
Peers read_ingress_peers(const Document& rule, const Path& path, const PeerContext& context,
                         std::vector<Requirement>& required, Report& report);
// The to* members of an egress rule: only their validity, and the prefixes that they name.
void check_egress_peers(const Document& rule, const Path& path, const PeerContext& context, bool deny,
                        std::vector<Prefix>& prefixes, Report& report);
// A NetworkPolicy's ipBlock. `validated`: as a rule of Cilium's own.
void add_ip_block(const Document& block, const Path& path, const PeerContext& context, bool validated, Peers& peers,
                  Report& report);
// Limits a selector to the cluster, unless it names one.
void scope_to_cluster(Selector& selector, const PeerContext& context);

}  // namespace sextant::policy
