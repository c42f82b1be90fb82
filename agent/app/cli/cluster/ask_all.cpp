#include "agent/app/cli/cluster/ask_all.h"

#include <algorithm>
#include <exception>
#include <list>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

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
  std::exception_ptr thrown{};
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

// Keeps what an agent said, or why it did not.
void keep(Round& round, const Agent& agent, Result<HttpAnswer> answer) {
  auto body = answer ? body_from(agent, *std::move(answer))
                     : Result<std::string>(because("pod " + agent.ns + "/" + agent.pod, answer.error()));
  if (body) {
    round.told.answers.push_back({.node = agent.node, .body = *std::move(body)});
    return;
  }
  auto& silent = round.told.silent.emplace_back();
  silent.set_node(agent.node);
  silent.set_reason(body.error().what);
}

// Runs until nothing is left to do; what was thrown meanwhile comes out here.
void run(asio::io_context& io, const std::exception_ptr& thrown) {
  io.restart();
  io.run();
  if (thrown) std::rethrow_exception(thrown);
}

Result<Agents> look_for_agents(asio::io_context& io, const Gateway& gateway, const std::string& ns) {
  Lane lane(io.get_executor(), gateway);
  Result<Agents> found;
  std::exception_ptr thrown;
  asio::co_spawn(io, find_agents(lane, ns), [&](std::exception_ptr what, Result<Agents> agents) {
    thrown = std::move(what);
    found = std::move(agents);
  });
  run(io, thrown);
  return found;
}

// Asks one agent after the other on a connection of its own, until the round has none left.
class Asker {
 public:
  Asker(asio::io_context& io, Round& round) : io_(io), lane_(io.get_executor(), round.gateway), round_(round) {}

  void ask_next() {
    if (round_.thrown || round_.next == round_.agents.size()) return;
    const Agent& agent = round_.agents[round_.next++];
    asio::co_spawn(io_, lane_.get(agent.proxy_path() + round_.target, std::string(kAccepted)),
                   [this, &agent](std::exception_ptr what, Result<HttpAnswer> answer) {
                     if (what) {
                       round_.thrown = std::move(what);
                       return;
                     }
                     keep(round_, agent, std::move(answer));
                     ask_next();
                   });
  }

 private:
  asio::io_context& io_;
  Lane lane_;
  Round& round_;
};

}  // namespace

Result<ClusterAnswer> ask_cluster(const Gateway& gateway, const std::string& ns, const std::string& target) try {
  asio::io_context io;
  auto agents = look_for_agents(io, gateway, ns);
  if (!agents) return Failure(agents.error());

  Round round{.gateway = gateway, .target = target, .agents = std::move(agents->running)};
  round.told.silent = std::move(agents->silent);
  round.told.nodes_unknown = std::move(agents->nodes_unknown);
  std::list<Asker> askers;
  while (askers.size() < std::min(kMostLanes, round.agents.size())) askers.emplace_back(io, round).ask_next();
  run(io, round.thrown);
  std::ranges::sort(round.told.answers, {}, &NodeAnswer::node);
  std::ranges::sort(round.told.silent, {}, [](const auto& silent) { return silent.node(); });
  return std::move(round.told);
} catch (const std::exception& thrown) {
  return failure(thrown.what());
}

}  // namespace sextant::app::cli
