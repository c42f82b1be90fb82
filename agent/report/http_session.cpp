#include "agent/report/http_session.h"

#include <array>
#include <optional>
#include <string>

#include <boost/asio/as_tuple.hpp>
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
    case http::verb::get: return Method::kGet;
    case http::verb::head: return Method::kHead;
    case http::verb::post: return Method::kPost;
    default: return Method::kOther;
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

// Status line and fields. The body's length is always said, for HEAD too; a stream has none and ends with the connection.
std::string head_of(const HttpResponse& response, bool keep_alive) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string(reason_phrase(response.status)) + "\r\n";
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

class Session {
 public:
  Session(Stream& stream, SessionContext context, bool checks_host)
      : stream_(stream), context_(context), checks_host_(checks_host) {}

  asio::awaitable<void> run() {
    while (co_await next_request()) {
    }
  }

  // Writes one answer and lets the client read it before the connection ends.
  asio::awaitable<void> reject(HttpResponse response) {
    if (co_await write(response, false, false)) co_await linger();
  }

 private:
  using Parser = http::request_parser<http::string_body>;

  // false: the connection is over.
  asio::awaitable<bool> next_request() {
    if (!co_await first_byte()) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(context_.config.max_header_bytes));
    parser.body_limit(context_.config.max_body_bytes);
    stream_.expires_after(context_.config.request_timeout);  // for the whole of it, however slowly it drips in
    auto [head_error, head_size] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
    if (head_error) co_return co_await give_up(head_error, parser);
    if (parser.get().target().size() > context_.config.max_target_bytes) {
      co_await reject(error_response(414, "the request's target is too long"));
      co_return false;
    }
    if (!co_await go_ahead(parser)) co_return false;
    auto [body_error, body_size] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    if (body_error) co_return co_await give_up(body_error, parser);
    co_return co_await answer(parser.release());
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
      co_await reject(error_response(417, "only Expect: 100-continue is known"));
      co_return false;
    }
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    auto [error, size] = co_await asio::async_write(stream_, asio::buffer(kContinue), kAwait);
    co_return !error;
  }

  asio::awaitable<bool> give_up(ErrorCode error, const Parser& parser) {
    if (error == beast::error::timeout) ++context_.counters.timeouts;
    if (error == http::error::header_limit) {
      // Beast consumes whole lines: without a target, it was the first that did not end.
      const bool in_target = parser.get().target().empty();
      co_await reject(in_target ? error_response(414, "the request's target is too long")
                                : error_response(431, "the request's header is too long"));
    } else if (error == http::error::body_limit) {
      co_await reject(error_response(413, "the body is larger than " + std::to_string(context_.config.max_body_bytes) + " bytes"));
    } else if (error.category() == make_error_code(http::error::bad_version).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      co_await reject(error_response(400, "this is no HTTP/1 request: " + error.message()));
    }
    co_return false;
  }

  asio::awaitable<bool> answer(http::request<http::string_body> message) {
    served_ = true;
    const bool keep_alive = message.keep_alive();
    if (has_wrong_host(message)) {
      co_await reject(error_response(400, "a request needs one Host header"));
      co_return false;
    }
    const bool head_only = message.method() == http::verb::head;
    HttpResponse response = context_.router.handle(request_of(std::move(message), checks_host_));
    if (response.watch && !head_only) {
      if (context_.hub.watchers() >= context_.config.max_watchers) {
        co_await reject(error_response(503, "too many watchers"));
      } else if (co_await write(response, false, true)) {
        co_await stream_events(stream_, context_, *response.watch);
      }
      co_return false;
    }
    if (!co_await write(response, keep_alive, head_only)) co_return false;
    if (!keep_alive) co_await linger();
    co_return keep_alive;
  }

  asio::awaitable<bool> write(const HttpResponse& response, bool keep_alive, bool head_only) {
    ++context_.counters.answers[response.status];
    const std::string head = head_of(response, keep_alive);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(head_only ? std::string_view() : std::string_view(response.body))};
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
  co_await session.reject(error_response(503, "too many connections"));
}

}  // namespace sextant::report
