// Gateway: the way to a cluster's API server: TLS as a kubeconfig says, or plain to the `kubectl proxy` of this
// machine.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "agent/app/cli/client.h"
#include "agent/app/cli/io.h"
#include "agent/app/cli/options.h"
#include "agent/base/result.h"
#include "agent/kube/channel.h"
#include "agent/kube/connection.h"

namespace sextant::app::cli {

struct Gateway {
  std::optional<ServerAddress> proxy{};  // of `kubectl proxy`; else `connection`
  kube::Connection connection{};
  std::chrono::milliseconds timeout{5000};  // of each answer

  // Reads the kubeconfig. Errors say what helps who has one that asks for more than a token or a certificate.
  static Result<Gateway> open(const Io& io, const GlobalOptions& global);
};

// One connection to the API server, on which one question at a time is asked.
class Lane {
 public:
  // `gateway` must outlive it.
  Lane(boost::asio::any_io_executor executor, const Gateway& gateway);

  // What the server answers, whatever its status. Errors: no answer in time.
  boost::asio::awaitable<Result<HttpAnswer>> get(std::string target, std::string accept);

 private:
  boost::asio::awaitable<Result<HttpAnswer>> get_by_tls(std::string target, std::string accept);

  const Gateway& gateway_;
  kube::Api api_;
  kube::Channel channel_;
};

}  // namespace sextant::app::cli
