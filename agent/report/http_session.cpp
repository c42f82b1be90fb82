#include "agent/report/http_session.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "agent/report/watch_stream.h"

namespace sextant::report {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kLinger{1000};
constexpr std::size_t kMaxLingerBytes = 256U << 10U;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    default:
      return Method::kOther;
  }
}

HttpRequest request_of(http::request<http::string_body>&& message, bool checks_host) {
  const auto text = [&message](http::field field) { return std::string(message[field]); };
  HttpRequest out{.method = method_of(message.method()),
                  .target = std::string(message.target()),
                  .accept = text(http::field::accept),
                  .content_type = text(http::field::content_type),
                  .checks_host = checks_host};
  if (message.count(http::field::host) > 0) out.host = text(http::field::host);
  out.body = std::move(message.body());
  return out;
}

// RFC 9112 3.2: exactly one Host in HTTP/1.1.
bool has_wrong_host(const http::request<http::string_body>& message) {
  const std::size_t hosts = message.count(http::field::host);
  return hosts > 1 || (hosts == 0 && message.version() >= 11);
}

HttpResponse too_long_target() { return error_response(414, "the request's target is too long"); }
HttpResponse too_long_header() { return error_response(431, "the request's header is too long"); }

// Status line and fields. The body's length is always said, for HEAD too; a stream has none and ends with the
// connection.
std::string head_of(const HttpResponse& response, bool keep_alive) {
  std::string out =
      "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string(reason_phrase(response.status)) + "\r\n";
  const auto field = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  field("Content-Type", response.content_type);
  if (!response.watch) field("Content-Length", std::to_string(response.body.size()));
  field("Connection", keep_alive ? "keep-alive" : "close");
  field("Cache-Control", "no-store");
  field("X-Content-Type-Options", "nosniff");
  field("X-Frame-Options", "DENY");
  field("Referrer-Policy", "no-referrer");
  field("Cross-Origin-Resource-Policy", "same-origin");
  bool has_policy = false;
  for (const auto& [name, value] : response.headers) {
    field(name, value);
    has_policy = has_policy || name == "Content-Security-Policy";
  }
  if (!has_policy) field("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  return out + "\r\n";
}

// Neither a condition nor an argument that is destroyed stands in one expression with a co_await: g++ 12 makes traps of
// the former (with UBSan) and destroys some of the latter twice.
class Session {
 public:
  Session(Stream& stream, SessionContext context, bool checks_host)
      : stream_(stream), context_(context), checks_host_(checks_host) {}

  asio::awaitable<void> run() {
    bool more = true;
    while (more) more = co_await next_request();
  }

  // Writes one answer and lets the client read it before the connection ends.
  asio::awaitable<void> reject(HttpResponse response) {
    const bool written = co_await write(response, false, false);
    if (written) co_await linger();
  }

 private:
  using Parser = http::request_parser<http::string_body>;

  // false: the connection is over.
  asio::awaitable<bool> next_request() {
    const bool asked = co_await first_byte();
    if (!asked) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(context_.config.max_header_bytes));
    parser.body_limit(context_.config.max_body_bytes);
    stream_.expires_after(context_.config.request_timeout);  // for the whole of it, however slowly it drips in
    auto [head_error, head_size] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
    if (head_error) {
      co_await give_up(head_error, parser);
      co_return false;
    }
    if (std::optional<HttpResponse> refusal = beyond_limit(parser, head_size)) {
      co_await reject(std::move(*refusal));
      co_return false;
    }
    const bool goes_on = co_await go_ahead(parser);
    if (!goes_on) co_return false;
    auto [body_error, body_size] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    if (body_error) {
      co_await give_up(body_error, parser);
      co_return false;
    }
    http::request<http::string_body> message = parser.release();
    const bool more = co_await answer(std::move(message));
    co_return more;
  }

  // Beast holds a header that comes in one piece against no limit.
  std::optional<HttpResponse> beyond_limit(const Parser& parser, std::size_t head_size) const {
    if (parser.get().target().size() > context_.config.max_target_bytes) return too_long_target();
    if (head_size > context_.config.max_header_bytes) return too_long_header();
    return std::nullopt;
  }

  // Between requests a client may be idle; once it begins to ask, it has the request's time.
  asio::awaitable<bool> first_byte() {
    if (buffer_.size() > 0) co_return true;
    stream_.expires_after(served_ ? context_.config.idle_timeout : context_.config.request_timeout);
    auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(4096), kAwait);
    buffer_.commit(size);
    if (error == beast::error::timeout && !served_) ++context_.counters.timeouts;
    co_return !error;
  }

  asio::awaitable<bool> go_ahead(const Parser& parser) {
    const auto expected = parser.get()[http::field::expect];
    if (expected.empty()) co_return true;
    if (!beast::iequals(expected, "100-continue")) {
      HttpResponse refusal = error_response(417, "only Expect: 100-continue is known");
      co_await reject(std::move(refusal));
      co_return false;
    }
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    auto [error, size] = co_await asio::async_write(stream_, asio::buffer(kContinue), kAwait);
    co_return !error;
  }

  asio::awaitable<void> give_up(ErrorCode error, const Parser& parser) {
    if (error == beast::error::timeout) ++context_.counters.timeouts;
    if (std::optional<HttpResponse> response = response_to(error, parser)) co_await reject(std::move(*response));
  }

  // Nothing, where nobody would read it: the client is gone, or took too long.
  std::optional<HttpResponse> response_to(ErrorCode error, const Parser& parser) const {
    // Beast consumes whole lines: without a target, it was the first that did not end.
    if (error == http::error::header_limit)
      return parser.get().target().empty() ? too_long_target() : too_long_header();
    if (error == http::error::body_limit) {
      return error_response(413,
                            "the body is larger than " + std::to_string(context_.config.max_body_bytes) + " bytes");
    }
    const bool is_http_error = error.category() == make_error_code(http::error::bad_version).category();
    if (!is_http_error || error == http::error::end_of_stream || error == http::error::partial_message)
      return std::nullopt;
    return error_response(400, "this is no HTTP/1 request: " + error.message());
  }

  asio::awaitable<bool> answer(http::request<http::string_body> message) {
    served_ = true;
    const bool keep_alive = message.keep_alive();
    if (has_wrong_host(message)) {
      HttpResponse refusal = error_response(400, "a request needs one Host header");
      co_await reject(std::move(refusal));
      co_return false;
    }
    const bool head_only = message.method() == http::verb::head;
    HttpResponse response = context_.router.handle(request_of(std::move(message), checks_host_));
    if (response.later) {
      HttpResponse outcome = co_await outcome_of(std::move(response.later));
      response = std::move(outcome);
    }
    if (response.watch && !head_only) {
      co_await watch(std::move(response));
      co_return false;
    }
    const bool written = co_await write(response, keep_alive, head_only);
    if (written && !keep_alive) co_await linger();
    co_return written&& keep_alive;
  }

  // What takes its time: other connections are served meanwhile.
  asio::awaitable<HttpResponse> outcome_of(std::function<void(HttpResponse::Done)> later) {
    struct Wait {
      std::optional<HttpResponse> outcome{};
      asio::steady_timer timer;
    };
    const auto wait = std::make_shared<Wait>(
        Wait{.timer = asio::steady_timer(stream_.get_executor(), asio::steady_timer::time_point::max())});
    // Whoever answers may do so when nobody waits any more, and the timer's executor is gone.
    later([weak = std::weak_ptr(wait)](HttpResponse outcome) {
      const auto waiting = weak.lock();
      if (waiting == nullptr) return;
      waiting->outcome = std::move(outcome);
      waiting->timer.cancel();
    });
    if (!wait->outcome) co_await wait->timer.async_wait(kAwait);
    if (!wait->outcome) co_return error_response(503, "stopped");
    co_return std::move(*wait->outcome);
  }

  asio::awaitable<void> watch(HttpResponse response) {
    if (context_.hub.watchers() >= context_.config.max_watchers) {
      HttpResponse refusal = error_response(503, "too many watchers");
      co_await reject(std::move(refusal));
      co_return;
    }
    const bool written = co_await write(response, false, true);
    if (written) co_await stream_events(stream_, context_, std::move(*response.watch));
  }

  asio::awaitable<bool> write(const HttpResponse& response, bool keep_alive, bool head_only) {
    ++context_.counters.answers[response.status];
    const std::string head = head_of(response, keep_alive);
    const std::array<asio::const_buffer, 2> parts{
        asio::buffer(head), asio::buffer(head_only ? std::string_view() : std::string_view(response.body))};
    stream_.expires_after(context_.config.idle_timeout);
    auto [error, size] = co_await asio::async_write(stream_, parts, kAwait);
    if (error == beast::error::timeout) ++context_.counters.timeouts;
    co_return !error;
  }

  // Closing with unread bytes would reset the connection and take the answer with it (RFC 9112 9.6).
  asio::awaitable<void> linger() {
    ErrorCode ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    std::array<char, 4096> discarded;
    for (std::size_t total = 0; total < kMaxLingerBytes;) {
      auto [error, size] = co_await stream_.async_read_some(asio::buffer(discarded), kAwait);
      if (error) break;
      total += size;
    }
  }

  Stream& stream_;
  SessionContext context_;
  bool checks_host_;
  bool served_ = false;  // at least one request
  beast::flat_buffer buffer_{};
};

}  // namespace

asio::awaitable<void> serve(Stream& stream, SessionContext context, bool checks_host) {
  Session session(stream, context, checks_host);
  co_await session.run();
}

asio::awaitable<void> refuse(Stream& stream, SessionContext context) {
  Session session(stream, context, false);
  HttpResponse refusal = error_response(503, "too many connections");
  co_await session.reject(std::move(refusal));
}

}  // namespace sextant::report
