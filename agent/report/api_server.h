// The HTTP API of INTERFACES: on the Unix socket and on TCP (IPv6 and IPv4), Boost.Beast.
//
// Thread: everything on the executor given to run(); the Backend is called on it too.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/base/result.h"
#include "agent/model/finding.h"
#include "agent/report/backend.h"

namespace sextant::report {

struct ApiConfig {
  std::string socket = "/run/sextant/sextant.sock";   // empty: none
  std::vector<std::string> listen{"[::1]:9713"};       // "ADDRESS:PORT", IPv6 in brackets
  bool allow_public = false;                            // api.public
  std::size_t max_connections = 64;
  std::size_t max_body_bytes = 64U << 10U;
  std::chrono::seconds idle_timeout{30};
};

class ApiServer {
 public:
  // Binds everything. Errors name the address and the cause: a port in use, a socket that a living daemon holds ("another
  // sextantd answers on …"; a dead one's socket is replaced), a listener that would answer a public source.
  static Result<ApiServer> bind(ApiConfig config, const Backend& backend);
  ApiServer(ApiServer&&) noexcept;
  ~ApiServer();

  // Serves until cancelled; being cancelled is success.
  boost::asio::awaitable<Result<>> run();

  // To /api/v1alpha1/watch. A watcher that does not read fast enough is closed, and counted.
  void publish(const FindingChange& change);
  void publish_status_changed();

  // Addresses bound, with the real port where 0 was asked for.
  std::vector<std::string> listening() const;

 private:
  struct State;
  explicit ApiServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::report
