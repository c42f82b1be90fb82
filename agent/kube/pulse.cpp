#include "agent/kube/pulse.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sextant::kube {

namespace asio = boost::asio;
using std::chrono::steady_clock;

Pulse::Pulse(asio::any_io_executor executor, Api& api, PulseTiming timing, std::function<bool()> is_needed,
             std::function<void(Time, const std::string&)> on_silence)
    : api_(api),
      timing_(timing),
      is_needed_(std::move(is_needed)),
      on_silence_(std::move(on_silence)),
      channel_(executor, api),
      pause_(executor),
      limit_(executor) {}

void Pulse::stop() {
  stopped_ = true;
  channel_.interrupt("stopped");
  pause_.cancel();
  limit_.cancel();
}

asio::awaitable<void> Pulse::run() {
  while (!stopped_) {
    pause_.expires_after(timing_.look);
    auto [ignored] = co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(ignored);
    if (stopped_) break;
    const Time heard = api_.heard;
    const bool is_silent = steady_clock::now() - heard >= timing_.silence;
    if (!is_silent || !is_needed_()) continue;
    const bool alive = co_await answers();
    if (!alive && !stopped_ && api_.heard == heard) on_silence_(heard, "the API server does not answer any more");
  }
}

// Any answer will do.
asio::awaitable<bool> Pulse::answers() {
  limit_.expires_after(timing_.answer);
  limit_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) channel_.interrupt("no answer in time");
  });
  auto answer = co_await channel_.get("/livez");
  ++requests_[{"get", answer ? answer->status : 0}];
  if (answer) {
    auto body = co_await channel_.read_all(4096, steady_clock::now() + timing_.answer);
    static_cast<void>(body);
  }
  limit_.cancel();
  co_return answer.has_value();
}

}  // namespace sextant::kube
