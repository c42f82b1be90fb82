// What the cluster itself says about its network, and the engine's options that follow from it: cilium-config, the
// image of Cilium's agent, CiliumNodes. What the configuration names counts before it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/config.h"
#include "agent/base/ip.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::app {

struct ClusterSays {
  std::map<std::string, std::string, std::less<>> cilium_config{};
  std::string cilium_version{};        // "1.19.3"; empty: nobody says it
  std::optional<bool> has_cilium{};    // nullopt: no cluster is asked
  bool is_dual_stack = false;          // by the pods' addresses
  std::vector<Prefix> pod_networks{};  // of CiliumNodes; sorted
  bool operator==(const ClusterSays&) const = default;
};

// spec.ipam.podCIDRs of every CiliumNode: where Cilium gives addresses itself, Nodes name no prefixes.
std::vector<Prefix> cilium_pod_networks(const World& world);

struct ClusterOptions {
  policy::Options options{};
  audit::Forwarding forwarding{};       // of services
  std::string release{};                // for people: "1.19.3 (the nearest known to 1.19.5)"
  std::vector<std::string> problems{};  // "enable-policy: 'sometimes' is not known"
};
ClusterOptions options_from(const Config& config, const ClusterSays& says);

}  // namespace sextant::app
