#include "agent/report/api_server.h"

#include <cerrno>
#include <chrono>
#include <set>
#include <utility>

#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/report/http_session.h"
#include "agent/report/listener.h"
#include "agent/report/source_filter.h"

namespace sextant::report {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<stream_protocol>;
using ErrorCode = boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kAcceptPause{100};  // out of descriptors: others must close first
constexpr std::size_t kMaxRefusals = 16;                // told 503 at a time; beyond, connections are just closed

// A second descriptor of a listener that hears only some sources, to change them by.
struct Bounded {
  UniqueFd fd{};
  int family = 0;
};

}  // namespace

struct ApiServer::State {
  State(ApiConfig c, const Backend& b)
      : config(std::move(c)),
        backend(b),
        metrics(backend, counters, config.max_series),
        router(backend, metrics, clock, config.hosts),
        hub(config.watch_backlog_bytes, counters) {}

  ApiConfig config;
  const Backend& backend;
  SystemClock clock{};
  ServerCounters counters{};
  Metrics metrics;
  Router router;
  WatchHub hub;
  std::vector<Listener> listeners{};
  std::vector<Bounded> bounded{};

  // While it runs.
  std::set<Acceptor*> acceptors{};
  std::set<Stream*> streams{};
  std::size_t tasks = 0;
  asio::steady_timer* idle = nullptr;  // cancelled when the last task ends

  SessionContext context() { return {config, router, hub, counters}; }

  void close_all() {
    ErrorCode ignored;
    bounded.clear();
    for (Acceptor* acceptor : acceptors) acceptor->close(ignored);
    for (Stream* stream : streams) stream->close();
  }
};

namespace {

// Keeps a pointer in a set for as long as what it points to lives.
template <class T>
class Listed {
 public:
  Listed(std::set<T*>& set, T& member) : set_(set), member_(&member) { set_.insert(member_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  ~Listed() { set_.erase(member_); }

 private:
  std::set<T*>& set_;
  T* member_;
};

// Counts one up for as long as it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

// The connections of one listener have a budget of their own: a flood on TCP leaves the Unix socket to the operator.
struct Budget {
  std::size_t connections = 0;
  std::size_t refusals = 0;
};

template <class State>
void spawn(asio::any_io_executor executor, std::shared_ptr<State> state, asio::awaitable<void> task) {
  ++state->tasks;
  asio::co_spawn(executor, std::move(task), [state](std::exception_ptr) {
    if (--state->tasks == 0 && state->idle != nullptr) state->idle->cancel();
  });
}

template <class State>
asio::awaitable<void> converse(std::shared_ptr<State> state, std::shared_ptr<Budget> budget,
                               stream_protocol::socket socket, bool checks_host) {
  const Counted of_listener(budget->connections);
  const Counted of_server(state->counters.connections);
  Stream stream(std::move(socket));
  const Listed listed(state->streams, stream);
  co_await serve(stream, state->context(), checks_host);
}

template <class State>
asio::awaitable<void> turn_away(std::shared_ptr<State> state, std::shared_ptr<Budget> budget,
                                stream_protocol::socket socket) {
  const Counted refusal(budget->refusals);
  Stream stream(std::move(socket));
  const Listed listed(state->streams, stream);
  co_await refuse(stream, state->context());
}

template <class State>
asio::awaitable<void> accept_from(std::shared_ptr<State> state, std::shared_ptr<Acceptor> acceptor, int family,
                                  bool checks_host) {
  const Listed listed(state->acceptors, *acceptor);
  const auto budget = std::make_shared<Budget>();
  asio::steady_timer pause(acceptor->get_executor());
  while (acceptor->is_open()) {
    stream_protocol::socket socket(acceptor->get_executor());
    auto [error] = co_await acceptor->async_accept(socket, kAwait);
    if (error == asio::error::operation_aborted || !acceptor->is_open()) co_return;
    if (error) {
      ++state->counters.accept_failures;
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (family != AF_UNIX) socket.set_option(asio::ip::tcp::no_delay(true), error);
    if (budget->connections < state->config.max_connections) {
      spawn(acceptor->get_executor(), state, converse(state, budget, std::move(socket), checks_host));
      continue;
    }
    ++state->counters.connections_refused;
    if (budget->refusals < kMaxRefusals)
      spawn(acceptor->get_executor(), state, turn_away(state, budget, std::move(socket)));
  }
}

}  // namespace

ApiServer::ApiServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
ApiServer::ApiServer(ApiServer&&) noexcept = default;
ApiServer& ApiServer::operator=(ApiServer&&) noexcept = default;
ApiServer::~ApiServer() = default;

Result<ApiServer> ApiServer::bind(ApiConfig config, const Backend& backend) {
  auto state = std::make_shared<State>(std::move(config), backend);
  if (!state->config.socket.empty()) {
    Result<Listener> listener = listen_unix(state->config.socket);
    if (!listener) return Failure(listener.error());
    state->listeners.push_back(std::move(*listener));
  }
  for (const std::string& text : state->config.listen) {
    Result<Listener> listener = listen_tcp(text, state->config.audience);
    if (!listener) return Failure(listener.error());
    if (state->config.audience.from && !listener->loopback) {
      UniqueFd fd(::fcntl(listener->fd.get(), F_DUPFD_CLOEXEC, 0));
      if (!fd) return errno_failure("listen on " + text + ": dup", errno);
      state->bounded.push_back({.fd = std::move(fd), .family = listener->family});
    }
    state->listeners.push_back(std::move(*listener));
  }
  return ApiServer(std::move(state));
}

asio::awaitable<Result<>> ApiServer::run() {
  const std::shared_ptr<State> state = state_;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer stop(executor, asio::steady_timer::time_point::max());
  asio::steady_timer idle(executor, asio::steady_timer::time_point::max());
  state->idle = &idle;
  Result<> outcome;
  for (Listener& listener : state->listeners) {
    const auto acceptor = std::make_shared<Acceptor>(executor);
    ErrorCode error;
    const int protocol = listener.family == AF_UNIX ? 0 : IPPROTO_TCP;
    acceptor->assign(stream_protocol(listener.family, protocol), listener.fd.get(), error);
    if (error) {
      outcome = failure("serve " + listener.name + ": " + error.message(), error.value());
      break;
    }
    static_cast<void>(listener.fd.release());  // the acceptor's now
    spawn(executor, state, accept_from(state, acceptor, listener.family, listener.loopback));
  }
  if (outcome) co_await stop.async_wait(kAwait);  // until cancelled
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  state->close_all();
  while (state->tasks > 0) co_await idle.async_wait(kAwait);
  state->idle = nullptr;
  co_return outcome;
}

Result<> ApiServer::answer_only(const std::vector<Prefix>& sources) {
  for (const Bounded& listener : state_->bounded) {
    if (auto set = hear_only(listener.fd.get(), listener.family, sources); !set)
      return because("api.from", set.error());
  }
  return {};
}

void ApiServer::publish(const FindingChange& change) {
  if (change.kind == FindingChange::Kind::kOpened) ++state_->counters.findings_opened[change.finding.code];
  state_->hub.publish(change);
}

void ApiServer::publish_status_changed() {
  if (state_->hub.watchers() > 0) state_->hub.publish(state_->backend.status());
}

std::vector<std::string> ApiServer::listening() const {
  std::vector<std::string> out;
  for (const Listener& listener : state_->listeners) out.push_back(listener.name);
  return out;
}

}  // namespace sextant::report
