// Channel: one connection to the API server, kept open between requests, on which one GET at a time is made and its
// answer read piece by piece. HTTP/1.1 over TLS.
//
// Every wait has an end: connecting, the handshake, sending, the answer's header, and each piece of its body. A peer
// that is gone without a word is noticed by the kernel within 50 s (keep-alive probes); one that is there but hangs, by
// interrupt(), which the Pulse calls.
// Thread: one executor's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "agent/base/result.h"
#include "agent/kube/connection.h"
#include "agent/kube/token.h"

namespace sextant::kube {

using Deadline = std::chrono::steady_clock::time_point;

struct Patience {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds send{10'000};
  std::chrono::milliseconds answer{30'000};  // from the request to the end of the answer's header
};

inline constexpr std::size_t kMaxHeaderBytes = 64U << 10U;

struct Answer {
  unsigned status = 0;
  std::optional<std::chrono::seconds> retry_after{};  // as the server asks; a date counts as none
  std::string content_type{};
};

// What all channels of a source share.
struct Api {
  Connection connection{};
  Token token{Material{}};
  Patience patience{};
  std::string user_agent{};
  std::chrono::steady_clock::time_point heard{};  // when any channel last received a byte

  explicit Api(Connection to) : connection(std::move(to)), token(connection.token) {}
};

class Channel {
 public:
  // `api` must outlive the channel.
  Channel(boost::asio::any_io_executor executor, Api& api);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // `target` starts with '/'. Connects where need be, and once more where the server has closed a connection that was
  // kept. A token that the server refuses is read again, and tried where it is another one. What is left of the last
  // answer is thrown away with its connection. Errors: no answer.
  boost::asio::awaitable<Result<Answer>> get(std::string target, std::string accept = "application/json");

  // The next piece of the body; empty: it has ended as it should. Valid until the next call. Errors: the connection
  // broke, or nothing came until `until`.
  boost::asio::awaitable<Result<std::string_view>> read(Deadline until);
  // What is left of the body, for answers that are small. Errors: more than `most` bytes.
  boost::asio::awaitable<Result<std::string>> read_all(std::size_t most, Deadline until);

  // Ends what is waited for with an error that gives `why`; the connection is closed. May be called at any time.
  void interrupt(std::string why);
  // The last byte's arrival.
  std::chrono::steady_clock::time_point heard() const { return heard_; }

 private:
  struct Wire;
  boost::asio::awaitable<Result<>> connect();
  boost::asio::awaitable<Result<>> connect_tcp(Wire& wire);
  boost::asio::awaitable<Result<>> open();
  boost::asio::awaitable<Result<Answer>> ask(std::string target, std::string accept, std::string token);
  boost::asio::awaitable<Result<Answer>> ask_once(const std::string& target, const std::string& accept,
                                                  const std::string& token);
  std::string why(const boost::system::error_code& error) const;
  void note_heard();

  boost::asio::any_io_executor executor_;
  Api& api_;
  std::unique_ptr<Wire> wire_{};  // null: not connected
  boost::asio::ip::tcp::resolver resolver_;
  std::string interrupted_{};  // why; empty: not
  std::chrono::steady_clock::time_point heard_{};
  std::array<char, 16384> piece_{};
};

}  // namespace sextant::kube
