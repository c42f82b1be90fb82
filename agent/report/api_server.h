// The HTTP API of INTERFACES: on the Unix socket and on TCP (IPv6 and IPv4), Boost.Beast.
//
// Thread: everything on the executor given to run(); the Backend is called on it too.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/base/result.h"
#include "agent/model/finding.h"
#include "agent/report/backend.h"
#include "agent/report/listener.h"

namespace sextant::report {

struct ApiConfig {
  std::string socket = "/run/sextant/sextant.sock";  // empty: none
  std::vector<std::string> listen{"[::1]:9713"};     // "ADDRESS:PORT", IPv6 in brackets
  Audience audience{};                               // api.public, api.from
  // Names that the Host header may carry on a loopback listener, besides localhost and IP addresses (DNS rebinding).
  std::vector<std::string> hosts{};
  std::size_t max_connections = 64;                   // of each listener; one more is answered 503
  std::size_t max_watchers = 16;                      // of all listeners together
  std::size_t max_target_bytes = 2048;                // 414 beyond
  std::size_t max_header_bytes = 8U << 10U;           // request line included; 431 beyond
  std::size_t max_body_bytes = 64U << 10U;            // 413 beyond
  std::size_t watch_backlog_bytes = 2U << 20U;        // a watcher that lags further behind is closed
  std::size_t max_series = 2000;                      // of each family of /metrics
  std::chrono::milliseconds idle_timeout{30'000};     // between requests, and for a client to take an answer
  std::chrono::milliseconds request_timeout{10'000};  // from a request's first byte to its last
  std::chrono::milliseconds heartbeat{15'000};        // a comment to every watcher that has heard nothing for so long
};

class ApiServer {
 public:
  // Binds everything. Errors name the address and the cause: a port in use, a socket that a living daemon holds
  // ("another sextantd answers on …"; a dead one's socket is replaced), a listener that would answer a public source.
  static Result<ApiServer> bind(ApiConfig config, const Backend& backend);
  ApiServer(ApiServer&&) noexcept;
  ApiServer& operator=(ApiServer&&) noexcept;
  ~ApiServer();

  // Serves until cancelled; being cancelled is success.
  boost::asio::awaitable<Result<>> run();

  // Of an audience that is bounded: the sources that are answered from now on. The first kMostSources count.
  Result<> answer_only(const std::vector<Prefix>& sources);

  // To /api/v1alpha1/watch, and to sextant_findings_opened_total. A watcher that does not read fast enough is closed,
  // and counted.
  void publish(const FindingChange& change);
  void publish_status_changed();

  // Addresses bound, with the real port where 0 was asked for.
  std::vector<std::string> listening() const;

 private:
  struct State;
  explicit ApiServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with its connections, which an io_context may outlive
};

}  // namespace sextant::report
