#include "agent/report/watch_stream.h"

#include <array>
#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace sextant::report {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// Ends when the client closes its side; what it sends is ignored.
asio::awaitable<void> until_gone(Stream& stream) {
  std::array<char, 256> ignored;
  for (;;) {
    auto [error, size] = co_await stream.async_read_some(asio::buffer(ignored), kAwait);
    if (error) co_return;
  }
}

class EventWriter {
 public:
  EventWriter(Stream& stream, SessionContext context, FindingFilter filter)
      : stream_(stream),
        context_(context),
        wake_(stream.get_executor()),
        watcher_(context.hub, std::move(filter), [this] { on_event(); }) {}

  // Ends when the client lags, or cannot be written to.
  asio::awaitable<void> run() {
    bool alive = co_await write(": watching\n\n");
    while (alive && !watcher_.lost()) {
      if (const WatchHub::Event event = watcher_.take()) {
        alive = co_await write(*event);
      } else {
        wake_.expires_after(context_.config.heartbeat);
        auto [woken] = co_await wake_.async_wait(kAwait);
        if (!woken) alive = co_await write(": alive\n\n");
      }
    }
  }

 private:
  void on_event() {
    wake_.cancel();
    // A writer that is stuck would notice only when its time is over.
    if (watcher_.lost()) stream_.close();
  }

  asio::awaitable<bool> write(std::string_view text) {
    stream_.expires_after(context_.config.idle_timeout);
    auto [error, size] = co_await asio::async_write(stream_, asio::buffer(text), kAwait);
    if (error == boost::beast::error::timeout) ++context_.counters.watchers_dropped;
    co_return !error;
  }

  Stream& stream_;
  SessionContext context_;
  asio::steady_timer wake_;
  WatchHub::Watcher watcher_;
};

}  // namespace

asio::awaitable<void> stream_events(Stream& stream, SessionContext context, FindingFilter filter) {
  using namespace asio::experimental::awaitable_operators;
  stream.expires_never();  // the read below waits as long as the client stays
  EventWriter writer(stream, context, std::move(filter));
  co_await (until_gone(stream) || writer.run());
}

}  // namespace sextant::report
