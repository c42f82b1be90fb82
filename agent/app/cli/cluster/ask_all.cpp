#include "agent/app/cli/cluster/ask_all.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include "agent/kube/api_status.h"

namespace sextant::app::cli {
namespace {

namespace asio = boost::asio;

// JSON is what the API server's own errors come in.
constexpr std::string_view kAccepted = "application/x-protobuf,application/json;q=0.5";

// What is asked of all of them, and how far that has got. One thread's.
struct Round {
  const Gateway& gateway;
  const std::string& target;
  std::vector<Agent> agents;
  std::size_t next = 0;
  ClusterAnswer told{};
};

// Of the agent, or of the API server where that could not reach it.
Result<std::string> body_from(const Agent& agent, HttpAnswer answer) {
  const std::string doing = "pod " + agent.ns + "/" + agent.pod;
  const bool by_api_server = answer.status != 200 && !answer.content_type.starts_with(kProtobuf);
  if (!by_api_server) return body_of(doing, std::move(answer));
  std::string why = doing + ": " + kube::read_status(answer.status, answer.body).to_string();
  if (!agent.declares_port) why += " (it declares no port: with api.listen: loopback it answers its own node only)";
  return failure(std::move(why));
}

asio::awaitable<void> ask_in_turn(Round& round) {
  const auto executor = co_await asio::this_coro::executor;
  Lane lane(executor, round.gateway);
  while (round.next < round.agents.size()) {
    const Agent agent = round.agents[round.next++];
    auto answer = co_await lane.get(agent.proxy_path() + round.target, std::string(kAccepted));
    auto body = answer ? body_from(agent, *std::move(answer))
                       : Result<std::string>(because("pod " + agent.ns + "/" + agent.pod, answer.error()));
    if (body) {
      round.told.answers.push_back({.node = agent.node, .body = *std::move(body)});
      continue;
    }
    auto& silent = round.told.silent.emplace_back();
    silent.set_node(agent.node);
    silent.set_reason(body.error().what);
  }
}

// Until all of them have ended; what one throws comes out here.
void run(asio::io_context& io, std::vector<asio::awaitable<void>> tasks) {
  std::exception_ptr thrown;
  for (auto& task : tasks) {
    asio::co_spawn(io, std::move(task), [&thrown](std::exception_ptr what) {
      if (what && !thrown) thrown = std::move(what);
    });
  }
  io.restart();
  io.run();
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> look_for_agents(const Gateway& gateway, const std::string& ns, Result<Agents>& found) {
  const auto executor = co_await asio::this_coro::executor;
  Lane lane(executor, gateway);
  auto agents = co_await find_agents(lane, ns);
  found = std::move(agents);
}

}  // namespace

Result<ClusterAnswer> ask_cluster(const Gateway& gateway, const std::string& ns, const std::string& target) try {
  asio::io_context io;
  Result<Agents> agents;
  std::vector<asio::awaitable<void>> tasks;
  tasks.push_back(look_for_agents(gateway, ns, agents));
  run(io, std::move(tasks));
  if (!agents) return Failure(agents.error());

  Round round{.gateway = gateway, .target = target, .agents = std::move(agents->running)};
  round.told.silent = std::move(agents->silent);
  round.told.nodes_unknown = std::move(agents->nodes_unknown);
  tasks.clear();
  while (tasks.size() < std::min(kMostLanes, round.agents.size())) tasks.push_back(ask_in_turn(round));
  run(io, std::move(tasks));
  std::ranges::sort(round.told.answers, {}, &NodeAnswer::node);
  std::ranges::sort(round.told.silent, {}, [](const auto& silent) { return silent.node(); });
  return std::move(round.told);
} catch (const std::exception& thrown) {
  return failure(thrown.what());
}

}  // namespace sextant::app::cli
