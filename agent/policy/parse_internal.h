// What the readers of the four kinds share.
#pragma once

#include "agent/policy/parse.h"
#include "agent/policy/peers.h"

namespace sextant::policy {

struct ParseContext {
  const Options& options;
  const SelectorReader& selectors;
  std::string_view ns{};

  PeerContext peers() const;
};

void parse_cilium_policy(const Document& body, const ParseContext& context, bool clusterwide, Policy& policy,
                         Report& report);
void parse_network_policy(const Document& body, const ParseContext& context, Policy& policy, Report& report);
void parse_cluster_network_policy(const Document& body, const ParseContext& context, Policy& policy, Report& report);

}  // namespace sextant::policy
