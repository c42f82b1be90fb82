// A question of a verb: to the daemon, or with --cluster to every node's, whose answers become one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/app/cli/client.h"
#include "agent/app/cli/cluster/ask_all.h"
#include "agent/app/cli/cluster/merge.h"
#include "agent/app/cli/io.h"
#include "agent/app/cli/verbs.h"

namespace sextant::app::cli {

template <class Message>
struct Asked {
  Message message{};
  std::vector<v1alpha1::SilentNode> silent{};  // whose part is missing
  std::string nodes_unknown{};                 // why nodes without a daemon cannot be named; empty: they are
};

// Message is a list of the API, or ClusterStatus (of a cluster only). Errors: nothing at all can be told.
template <class Message>
Result<Asked<Message>> ask_every_node(const Io& io, const GlobalOptions& global, const std::string& target) {
  const auto gateway = Gateway::open(io, global);
  if (!gateway) return Failure(gateway.error());
  auto told = ask_cluster(*gateway, global.cluster->ns, target);
  if (!told) return Failure(told.error());
  Asked<Message> asked{.silent = std::move(told->silent), .nodes_unknown = std::move(told->nodes_unknown)};
  for (NodeAnswer& answer : told->answers) {
    auto message = decode<PartOf<Message>>(std::move(answer.body));
    if (message) {
      merge(asked.message, *std::move(message), answer.node);
    } else {
      auto& silent = asked.silent.emplace_back();
      silent.set_node(answer.node);
      silent.set_reason(message.error().what);
    }
  }
  return asked;
}

template <class Message>
Result<Asked<Message>> ask(const Io& io, const GlobalOptions& global, const std::string& target) {
  if (global.cluster) return ask_every_node<Message>(io, global, target);
  auto message = client_of(global).fetch<Message>(target);
  if (!message) return Failure(message.error());
  return Asked<Message>{.message = *std::move(message)};
}

// Names who did not answer, on standard error. kCouldNotTell when there are any: what is printed is true of the rest.
template <class Message>
int say_silent(Io& io, std::string_view verb, const Asked<Message>& asked) {
  for (const auto& silent : asked.silent)
    io.err << "sextant: " << verb << ": node " << silent.node() << " is silent: " << silent.reason() << '\n';
  if (!asked.nodes_unknown.empty())
    io.err << "sextant: " << verb << ": nodes without Sextant cannot be named: " << asked.nodes_unknown << '\n';
  return asked.silent.empty() ? kDone : kCouldNotTell;
}

}  // namespace sextant::app::cli
