#include "agent/app/daemon/api_sources.h"

#include <utility>

namespace sextant::app {

std::vector<Prefix> api_sources(const Config& config, const World& world) {
  std::vector<Prefix> sources = config.api.from.prefixes;
  if (config.api.from.cluster) {
    sources.insert(sources.end(), config.cluster_networks.begin(), config.cluster_networks.end());
    for (const auto& [name, node] : world.nodes()) {
      for (const IpAddress& address : node.addresses) sources.push_back(Prefix::of(address));
      sources.insert(sources.end(), node.pod_prefixes.begin(), node.pod_prefixes.end());
    }
  }
  return minimize(std::move(sources));
}

}  // namespace sextant::app
