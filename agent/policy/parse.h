// Policy objects to rules: CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, NetworkPolicy, ClusterNetworkPolicy.
#pragma once

#include "agent/policy/rule.h"

namespace sextant::policy {

// Reads and validates one object as the release's agent would. Never fails: what the agent refuses is Policy::rejected.
Policy parse_policy(const PolicyObject& object, const Options& options, Symbols& symbols);

// The cluster that peers are limited to by the options and the release's default; empty: none.
std::string_view peer_cluster(const Options& options);

}  // namespace sextant::policy
