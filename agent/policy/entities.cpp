#include "agent/policy/entities.h"

#include <algorithm>
#include <array>

#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

// pkg/policy/api/entity.go: entities that are the reserved label of the same name.
constexpr std::array<std::string_view, 9> kReservedEntities{
    "world-ipv4", "world-ipv6", "host", "init", "ingress", "health", "unmanaged", "none", "kube-apiserver"};
constexpr std::array<std::string_view, 7> kClusterMembers{"host",   "remote-node", "init",          "ingress",
                                                          "health", "unmanaged",   "kube-apiserver"};

}  // namespace

std::optional<std::vector<Selector>> entity_selectors(std::string_view name, std::string_view cluster,
                                                      const SelectorReader& reader) {
  std::vector<Selector> selectors;
  const bool aggregates = has(reader.release(), Trait::kAggregates);
  const auto reserved = [&](std::string_view key) {
    selectors.emplace_back().require(reader.equals(kReserved, key, ""));
  };
  if (name == "all") {
    selectors.emplace_back();
  } else if (name == "world") {
    for (const std::string_view key : {"world", "world-ipv4", "world-ipv6"}) reserved(key);
    if (aggregates) reserved("aggregate-world");
  } else if (name == "remote-node") {
    reserved(name);
    if (aggregates) reserved("aggregate-remote-node");
  } else if (name == "cluster" || (name == "cluster-mesh" && has(reader.release(), Trait::kClusterMeshEntity))) {
    for (const std::string_view key : kClusterMembers) reserved(key);
    if (aggregates) reserved("aggregate-cluster");
    if (name == "cluster") {
      selectors.emplace_back().require(reader.equals(kK8s, kClusterKey, cluster));
    } else {
      reserved("aggregate-cluster-mesh");
      selectors.emplace_back().require(reader.exists(kAny, kClusterKey));
    }
  } else if (std::ranges::find(kReservedEntities, name) != kReservedEntities.end()) {
    reserved(name);
  } else {
    return std::nullopt;
  }
  return selectors;
}

}  // namespace sextant::policy
