#include "agent/kube/channel.h"

#include <charconv>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "agent/kube/tls.h"

namespace sextant::kube {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// A watch may be silent for minutes, and so is a peer that has lost its power: 20 + 3 * 10 s.
void keep_alive(tcp::socket& socket) {
  const int on = 1, idle_s = 20, interval_s = 10, probes = 3, unacknowledged_ms = 50'000;
  const int fd = socket.native_handle();
  const auto set = [fd](int level, int name, const int& value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, on);
  set(IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
  set(IPPROTO_TCP, TCP_KEEPINTVL, interval_s);
  set(IPPROTO_TCP, TCP_KEEPCNT, probes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
  set(IPPROTO_TCP, TCP_NODELAY, on);
}

std::optional<std::chrono::seconds> seconds_in(std::string_view text) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

// A connection, and the answer that is being read from it.
struct Channel::Wire {
  using Parser = http::response_parser<http::buffer_body>;

  Wire(asio::any_io_executor executor, asio::ssl::context context)
      : tls(std::move(context)), stream(std::move(executor), tls) {}

  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream); }

  asio::ssl::context tls;
  TlsStream stream;
  beast::flat_buffer buffer{kMaxHeaderBytes + (16U << 10U)};
  std::optional<Parser> parser{};  // none: no answer is being read
};

Channel::Channel(asio::any_io_executor executor, Api& api) : executor_(executor), api_(api), resolver_(executor) {}
Channel::~Channel() = default;

void Channel::interrupt(std::string why) {
  interrupted_ = std::move(why);
  resolver_.cancel();
  if (wire_) wire_->tcp().close();
}

std::string Channel::why(const error_code& error) const {
  if (!interrupted_.empty()) return interrupted_;
  if (error == beast::error::timeout) return "no answer in time";
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::ssl::error::stream_truncated || error == asio::error::eof)
    return "the server closed the connection";
  return error.message();
}

void Channel::note_heard() {
  heard_ = steady_clock::now();
  api_.heard = heard_;
}

// Neither a condition nor an argument stands in one expression with a co_await: g++ 12 with UBSan makes traps of it.
asio::awaitable<Result<>> Channel::connect_tcp(Wire& wire) {
  const std::string doing = "connect " + api_.connection.authority();
  error_code no_address;
  const auto address = asio::ip::make_address(api_.connection.host, no_address);
  wire.tcp().expires_after(api_.patience.connect);
  error_code failed;
  if (!no_address) {
    auto [error] = co_await wire.tcp().async_connect(tcp::endpoint(address, api_.connection.port), kAwait);
    failed = error;
  } else {
    asio::steady_timer limit(executor_, api_.patience.connect);
    limit.async_wait([this](error_code stopped) {
      if (!stopped) resolver_.cancel();
    });
    const std::string port = std::to_string(api_.connection.port);
    auto [error, found] = co_await resolver_.async_resolve(api_.connection.host, port, kAwait);
    limit.cancel();
    if (error) co_return failure(doing + ": " + why(error));
    auto [refused, reached] = co_await wire.tcp().async_connect(found, kAwait);
    failed = refused;
  }
  if (failed) co_return failure(doing + ": " + why(failed));
  co_return Result<>();
}

asio::awaitable<Result<>> Channel::connect() {
  auto tls = make_tls(api_.connection);
  if (!tls) co_return Failure(tls.error());
  auto valid = expect_valid_client(*tls);
  if (!valid) co_return valid;
  wire_ = std::make_unique<Wire>(executor_, std::move(*tls));
  auto expected = expect_server(wire_->stream, api_.connection);
  if (!expected) co_return expected;
  auto connected = co_await connect_tcp(*wire_);
  if (!connected) co_return connected;
  keep_alive(wire_->tcp().socket());
  wire_->tcp().expires_after(api_.patience.handshake);
  auto [error] = co_await wire_->stream.async_handshake(asio::ssl::stream_base::client, kAwait);
  if (error) {
    const bool by_us = !interrupted_.empty() || error == beast::error::timeout;
    co_return failure("connect " + api_.connection.authority() + ": " +
                      (by_us ? why(error) : handshake_failure(wire_->stream, error)));
  }
  co_return Result<>();
}

asio::awaitable<Result<>> Channel::open() {
  if (wire_ && !wire_->parser) co_return Result<>();
  wire_.reset();
  auto connected = co_await connect();
  if (!connected) wire_.reset();
  co_return connected;
}

asio::awaitable<Result<Answer>> Channel::get(std::string target, std::string accept) {
  interrupted_.clear();
  for (bool again = false;; again = true) {
    auto token = api_.token.get(steady_clock::now());
    if (!token) co_return Failure(token.error());
    auto answer = co_await ask(target, accept, *token);
    const bool refused = answer && answer->status == 401;
    if (!refused || again) co_return answer;
    if (!api_.token.refused(*token, steady_clock::now())) co_return answer;
  }
}

asio::awaitable<Result<Answer>> Channel::ask(std::string target, std::string accept, std::string token) {
  const bool kept = wire_ && !wire_->parser;
  auto opened = co_await open();
  if (!opened) co_return Failure(opened.error());
  auto answer = co_await ask_once(target, accept, token);
  if (answer || !kept || !interrupted_.empty()) co_return answer;
  // The server may have closed it while it was not used: that says nothing about the server.
  auto opened_again = co_await open();
  if (!opened_again) co_return Failure(opened_again.error());
  auto second = co_await ask_once(target, accept, token);
  co_return second;
}

asio::awaitable<Result<Answer>> Channel::ask_once(const std::string& target, const std::string& accept,
                                                  const std::string& token) {
  http::request<http::empty_body> request(http::verb::get, api_.connection.base_path + target, 11);
  request.set(http::field::host, api_.connection.authority());
  request.set(http::field::accept, accept);
  request.set(http::field::user_agent, api_.user_agent);
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);

  Wire& wire = *wire_;
  wire.parser.emplace();
  wire.parser->header_limit(static_cast<std::uint32_t>(kMaxHeaderBytes));
  wire.parser->body_limit(boost::none);  // the reader counts; a watch has no end
  wire.tcp().expires_after(api_.patience.send);
  auto [unsent, sent] = co_await http::async_write(wire.stream, request, kAwait);
  error_code failed = unsent;
  std::size_t header_size = 0;
  if (!failed) {
    wire.tcp().expires_after(api_.patience.answer);
    auto [error, size] = co_await http::async_read_header(wire.stream, wire.buffer, *wire.parser, kAwait);
    failed = error;
    header_size = size;
  }
  // Beast holds a header that comes in one piece against no limit.
  if (!failed && header_size > kMaxHeaderBytes) failed = http::error::header_limit;
  if (failed) {
    wire_.reset();
    co_return failure("GET " + target.substr(0, target.find('?')) + ": " + why(failed));
  }
  note_heard();
  const auto& head = wire.parser->get();
  Answer answer{.status = head.result_int(),
                .retry_after = seconds_in(head[http::field::retry_after]),
                .content_type = std::string(head[http::field::content_type])};
  co_return answer;
}

asio::awaitable<Result<std::string_view>> Channel::read(Deadline until) {
  if (!wire_ || !wire_->parser) co_return std::string_view();
  Wire& wire = *wire_;
  while (!wire.parser->is_done()) {
    auto& body = wire.parser->get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    wire.tcp().expires_at(until);
    auto [error, size] = co_await http::async_read_some(wire.stream, wire.buffer, *wire.parser, kAwait);
    if (error && error != http::error::need_buffer) {
      wire_.reset();
      co_return failure(why(error));
    }
    note_heard();
    const std::size_t filled = piece_.size() - body.size;
    if (filled > 0) co_return std::string_view(piece_.data(), filled);
  }
  // Who was refused comes back with a new connection, for a client certificate may have been renewed.
  const bool was_refused = wire.parser->get().result() == http::status::unauthorized;
  const bool kept = wire.parser->get().keep_alive() && !was_refused;
  wire.parser.reset();
  if (!kept) wire_.reset();
  co_return std::string_view();
}

asio::awaitable<Result<std::string>> Channel::read_all(std::size_t most, Deadline until) {
  std::string body;
  for (;;) {
    auto piece = co_await read(until);
    if (!piece) co_return Failure(piece.error());
    if (piece->empty()) co_return body;
    if (body.size() + piece->size() > most) {
      wire_.reset();
      co_return failure("the answer is larger than " + std::to_string(most) + " bytes");
    }
    body += *piece;
  }
}

}  // namespace sextant::kube
