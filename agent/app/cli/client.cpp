#include "agent/app/cli/client.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "agent/base/version.h"
#include "agent/report/json.h"
#include "sextant/v1alpha1/status.pb.h"

namespace sextant::app::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Request = http::request<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

std::string seconds_text(std::chrono::milliseconds time) {
  if (time.count() % 1000 != 0) return std::to_string(time.count()) + "ms";
  return std::to_string(time.count() / 1000) + "s";
}

Failure failed(const ClientConfig& config, const std::string& doing, const error_code& ec) {
  if (ec == beast::error::timeout)
    return failure(doing + ": no answer within " + seconds_text(config.timeout), ETIMEDOUT);
  if (ec == http::error::body_limit)
    return failure(doing + ": the answer is longer than " + std::to_string(config.max_answer_bytes) + " bytes");
  if (ec == http::error::end_of_stream || ec == http::error::partial_message || ec == asio::error::eof)
    return failure(doing + ": the daemon closed the connection", ECONNRESET);
  const bool system = ec.category() == boost::system::system_category();
  return failure(doing + ": " + ec.message(), system ? ec.value() : 0);
}

// What helps against the usual causes.
std::string advice(const ServerAddress& server, const error_code& ec) {
  if (ec == boost::system::errc::no_such_file_or_directory)
    return " (is sextantd running on this node? --server or $SEXTANT_SERVER says where else)";
  if (ec == boost::system::errc::connection_refused)
    return server.socket.empty() ? " (is sextantd running there? api.listen in its configuration says where it answers)"
                                 : " (sextantd is not running: only its socket is left)";
  if (ec == boost::system::errc::permission_denied) return " (only root and the socket's group may ask: try sudo)";
  if (ec == beast::error::timeout) return " (--timeout waits longer)";
  return {};
}

// The name "localhost" is both loopbacks; no other is looked up.
std::vector<Endpoint> endpoints_of(const ServerAddress& server) {
  using asio::ip::tcp;
  if (!server.socket.empty()) return {asio::local::stream_protocol::endpoint(server.socket)};
  error_code ec;
  if (const auto address = asio::ip::make_address(server.host, ec); !ec) return {tcp::endpoint(address, server.port)};
  return {tcp::endpoint(asio::ip::address_v6::loopback(), server.port),
          tcp::endpoint(asio::ip::address_v4::loopback(), server.port)};
}

// Connects to the first endpoint that answers.
asio::awaitable<Result<>> connect(Stream& stream, const ClientConfig& config) {
  const std::vector<Endpoint> endpoints = endpoints_of(config.server);
  error_code last;
  for (const auto& endpoint : endpoints) {
    stream.expires_after(config.timeout);
    const auto [ec] = co_await stream.async_connect(endpoint, kAwait);
    if (!ec) co_return Result<>();
    last = ec;
    stream.close();
  }
  Failure why = failed(config, "connect to " + config.server.to_string(), last);
  co_return failure(why.error().what + advice(config.server, last), why.error().code);
}

// What the daemon said where the status is not 200.
Failure refused(const std::string& doing, unsigned status, std::string_view type, const std::string& body) {
  v1alpha1::ErrorMessage message;
  const bool known =
      type.starts_with(kProtobuf) ? message.ParseFromString(body) : report::from_json(body, message).has_value();
  if (known && !message.error().empty()) return failure(message.error());
  const std::string reason(http::obsolete_reason(static_cast<http::status>(status)));
  return failure(doing + ": HTTP " + std::to_string(status) + " " + reason);
}

Request request_for(const ClientConfig& config, http::verb method, const std::string& target, std::string body,
                    std::string_view accept = kProtobuf) {
  Request request{method, target, 11};
  request.set(http::field::host, config.server.host_header());
  request.set(http::field::user_agent, std::string("sextant/") + kVersion);
  request.set(http::field::accept, accept);
  request.set(http::field::connection, "close");
  if (method == http::verb::post) {
    request.set(http::field::content_type, kProtobuf);
    request.body() = std::move(body);
    request.prepare_payload();
  }
  return request;
}

asio::awaitable<Result<HttpAnswer>> exchange(Stream& stream, Request request, const ClientConfig& config) {
  if (auto connected = co_await connect(stream, config); !connected) co_return Failure(connected.error());
  const std::string doing = "ask " + config.server.to_string();
  stream.expires_after(config.timeout);
  if (const auto [ec, n] = co_await http::async_write(stream, request, kAwait); ec) co_return failed(config, doing, ec);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(config.max_answer_bytes);
  if (const auto [ec, n] = co_await http::async_read(stream, buffer, parser, kAwait); ec)
    co_return failed(config, doing, ec);
  auto& response = parser.get();
  HttpAnswer answer{.status = response.result_int(),
                    .content_type = std::string(response[http::field::content_type]),
                    .body = std::move(response.body())};
  co_return answer;
}

using Opened = std::function<Result<>()>;
using OnEvent = std::function<Result<>(const ServerEvent&)>;

// Reads the body piece by piece until a callback, silence or the connection ends it. The first piece is the comment
// that the daemon begins with once it has taken the watcher in: from then on no event is missed.
asio::awaitable<Result<>> read_events(Stream& stream, beast::flat_buffer& buffer,
                                      http::response_parser<http::buffer_body>& parser, const Opened& opened,
                                      const OnEvent& on_event, const ClientConfig& config) {
  EventParser events;
  bool begun = false;
  std::array<char, 8192> piece{};
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    stream.expires_after(begun ? config.silence : config.timeout);
    const auto [ec, n] = co_await http::async_read_some(stream, buffer, parser, kAwait);
    if (ec == beast::error::timeout)
      co_return failure("watch " + config.server.to_string() + ": nothing heard for " +
                        seconds_text(begun ? config.silence : config.timeout));
    if (ec && ec != http::error::need_buffer) co_return failed(config, "watch " + config.server.to_string(), ec);
    if (!std::exchange(begun, true)) {
      if (auto went_on = opened(); !went_on) co_return went_on;
    }
    const auto complete = events.feed({piece.data(), piece.size() - parser.get().body().size});
    if (!complete) co_return Failure(complete.error());
    for (const auto& event : *complete) {
      if (auto went_on = on_event(event); !went_on) co_return went_on;
    }
  }
  co_return failed(config, "watch " + config.server.to_string(), http::error::end_of_stream);
}

asio::awaitable<Result<>> follow(Stream& stream, Request request, const Opened& opened, const OnEvent& on_event,
                                 const ClientConfig& config) {
  if (auto connected = co_await connect(stream, config); !connected) co_return connected;
  const std::string doing = "watch " + config.server.to_string();
  stream.expires_after(config.timeout);
  if (const auto [ec, n] = co_await http::async_write(stream, request, kAwait); ec) co_return failed(config, doing, ec);
  beast::flat_buffer buffer;
  http::response_parser<http::empty_body> head;
  head.body_limit(config.max_answer_bytes);
  if (const auto [ec, n] = co_await http::async_read_header(stream, buffer, head, kAwait); ec)
    co_return failed(config, doing, ec);
  if (head.get().result() != http::status::ok) {
    http::response_parser<http::string_body> whole(std::move(head));
    if (const auto [ec, n] = co_await http::async_read(stream, buffer, whole, kAwait); ec)
      co_return failed(config, doing, ec);
    co_return refused(doing, whole.get().result_int(), whole.get()[http::field::content_type], whole.get().body());
  }
  const std::string_view type = head.get()[http::field::content_type];
  if (!type.starts_with("text/event-stream")) co_return failure(doing + ": the answer is none of sextantd's");
  http::response_parser<http::buffer_body> parser(std::move(head));
  parser.body_limit(boost::none);
  co_return co_await read_events(stream, buffer, parser, opened, on_event, config);
}

// Runs one coroutine to its end.
template <class T>
Result<T> run_alone(asio::io_context& io, asio::awaitable<Result<T>> task) {
  std::optional<Result<T>> result;
  asio::co_spawn(io, std::move(task), [&](const std::exception_ptr& thrown, Result<T> value) {
    if (thrown) std::rethrow_exception(thrown);
    result = std::move(value);
  });
  try {
    io.run();
  } catch (const std::exception& thrown) {
    return failure(thrown.what());
  }
  return std::move(*result);
}

Result<std::string> converse(const ClientConfig& config, Request request) {
  asio::io_context io;
  Stream stream(io);
  auto answer = run_alone(io, exchange(stream, std::move(request), config));
  if (!answer) return Failure(answer.error());
  return body_of("ask " + config.server.to_string(), *std::move(answer));
}

}  // namespace

asio::awaitable<Result<HttpAnswer>> get_once(ClientConfig config, std::string target, std::string accept) {
  const auto executor = co_await asio::this_coro::executor;
  Stream stream(executor);
  Request request = request_for(config, http::verb::get, target, {}, accept);
  auto answer = co_await exchange(stream, std::move(request), config);
  co_return answer;
}

Result<std::string> body_of(const std::string& doing, HttpAnswer answer) {
  if (answer.status != 200) return refused(doing, answer.status, answer.content_type, answer.body);
  if (!answer.content_type.starts_with(kProtobuf)) return failure(doing + ": the answer is none of sextantd's");
  return std::move(answer.body);
}

Result<std::string> Client::get(const std::string& target) const {
  return converse(config_, request_for(config_, http::verb::get, target, {}));
}

Result<std::string> Client::post(const std::string& target, std::string body) const {
  return converse(config_, request_for(config_, http::verb::post, target, std::move(body)));
}

Result<> Client::watch(const std::string& target, const Opened& opened, const OnEvent& on_event) const {
  asio::io_context io;
  Stream stream(io);
  Request request = request_for(config_, http::verb::get, target, {});
  request.set(http::field::accept, "text/event-stream");
  return run_alone(io, follow(stream, std::move(request), opened, on_event, config_));
}

void Query::add(std::string_view key, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += percent_encoded(key) + "=" + percent_encoded(value);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z';
    if (letter || (byte >= '0' && byte <= '9') || kUnreserved.contains(c)) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
  }
  return out;
}

}  // namespace sextant::app::cli
