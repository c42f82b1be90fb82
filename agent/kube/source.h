// Source: the API server, listed and watched. Turns its objects into deltas of the model.
//
// What is asked for: this node's pods (by spec.nodeName), and of the whole cluster what policies need: namespaces,
// nodes, services and their slices, policies and groups, and the pods of other nodes with no more than what a policy
// sees of a peer (labels, service account, node, addresses). One list and one watch a kind; a server that falls silent
// is asked whether it lives (pulse.h). It reads, and never writes.
//
// Objects that go on existing are never taken back: after an outage the new list tells only what differs. While the
// server is away, what was told stays, and statuses() tells its age.
// Thread: everything, the sinks included, on the executor given.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "agent/base/result.h"
#include "agent/kube/cilium_facts.h"
#include "agent/kube/connection.h"
#include "agent/kube/pulse.h"
#include "agent/kube/reflector.h"
#include "agent/kube/status.h"
#include "agent/model/world.h"

namespace sextant::kube {

struct Config {
  Connection connection{};
  std::string node{};
  std::string user_agent = "sextantd";
  // Nodes begin at different times within this, so that a rollout does not meet the API server all at once.
  std::chrono::milliseconds spread{3'000};
  Patience patience{};
  Timing timing{};
  PulseTiming pulse{};
};

struct Sinks {
  std::function<void(const Delta&)> delta{};
  std::function<void(const CiliumFacts&)> cilium{};  // after each change
  std::function<void()> status{};                    // statuses() says something else now; not for ages alone
};

class Source {
 public:
  // Errors: no TLS can be made of the connection's certificates and keys. Asks nothing yet.
  static Result<Source> open(boost::asio::any_io_executor executor, Config config, Sinks sinks);
  Source(Source&&) noexcept;
  ~Source();

  // Until cancelled, which is success: an API server that is away is waited for.
  boost::asio::awaitable<Result<>> run();

  std::vector<KindStatus> statuses() const;  // of every kind, in one order always
  // Of requests that are about no kind: "discovery" and "livez".
  std::map<std::string, RequestCounts> other_requests() const;
  // Every kind is known whole, or will not be known for now (is_forbidden_for_good): what is there can be judged.
  bool is_settled() const;
  std::string server() const;  // "[2001:db8::1]:6443"

 private:
  struct State;
  explicit Source(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::kube
