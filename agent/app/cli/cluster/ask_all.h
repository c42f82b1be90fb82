// One question to every node's agent, through the API server's proxy to pods; a bounded number of them at a time.
#pragma once

#include <string>
#include <vector>

#include "agent/app/cli/cluster/agents.h"
#include "agent/app/cli/cluster/gateway.h"
#include "agent/base/result.h"
#include "sextant/v1alpha1/cluster.pb.h"

namespace sextant::app::cli {

inline constexpr std::size_t kMostLanes = 16;  // connections to the API server

struct NodeAnswer {
  std::string node{};
  std::string body{};  // of a 200, a message of proto/sextant/v1alpha1
};

struct ClusterAnswer {
  std::vector<NodeAnswer> answers{};           // by node
  std::vector<v1alpha1::SilentNode> silent{};  // those that did not answer, by node
  std::string nodes_unknown{};                 // as in Agents
};

// Blocks until all have answered or had their time. `target` is the agent's own: "/api/v1alpha1/status". Errors are
// those after which no node could be asked at all.
Result<ClusterAnswer> ask_cluster(const Gateway& gateway, const std::string& ns, const std::string& target);

}  // namespace sextant::app::cli
