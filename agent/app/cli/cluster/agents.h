// Which agents a cluster has: the pods of Sextant's DaemonSet, as the API server lists them, and the nodes without one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/app/cli/cluster/gateway.h"
#include "agent/base/result.h"
#include "sextant/v1alpha1/cluster.pb.h"

namespace sextant::app::cli {

inline constexpr std::uint16_t kAgentPort = 9713;  // of a pod that declares none

struct Agent {
  std::string node{};
  std::string ns{};
  std::string pod{};
  std::uint16_t port = kAgentPort;
  bool declares_port = false;  // it says that it can be reached: its api.listen is not only loopback

  // The API server's way to it: "/api/v1/namespaces/NS/pods/http:POD:PORT/proxy"; the agent's own path follows.
  std::string proxy_path() const;
};

struct Agents {
  std::vector<Agent> running{};
  std::vector<v1alpha1::SilentNode> silent{};  // nodes whose agent does not run, or that have none
  std::string nodes_unknown{};                 // why it is not known which nodes there are; empty: it is
};

// A page of a list, and where the next one begins.
struct PodPage {
  std::vector<Agent> running{};
  std::vector<v1alpha1::SilentNode> not_running{};  // with the pod's phase
  std::string next{};                               // `continue`; empty: this was the last
};
// A v1 PodList. A pod that is being deleted, or is on no node yet, is passed over. Errors: it is none.
Result<PodPage> read_pods(std::string_view json);

// The names in a meta/v1 PartialObjectMetadataList, and `continue`. Errors: it is none.
struct NamePage {
  std::vector<std::string> names{};
  std::string next{};
};
Result<NamePage> read_names(std::string_view json);

// Adds to `silent` each of `nodes` that no agent is on.
void name_bare_nodes(Agents& agents, const std::vector<std::string>& nodes);

// Asks for the pods of namespace `ns` that are Sextant's, and for the nodes. Errors: the pods cannot be listed, or
// there are none at all. `lane` must outlive the call.
boost::asio::awaitable<Result<Agents>> find_agents(Lane& lane, std::string ns);

}  // namespace sextant::app::cli
