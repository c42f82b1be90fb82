// Client: HTTP to the daemon, over its Unix socket or TCP (Boost.Beast). One connection per question.
//
// Asks for application/x-protobuf. Blocks its caller; every wait ends after the timeout, that for the next event or
// heartbeat of a watch after `silence`.
// Errors carry the errno where connecting failed, and a sentence that a person can act on.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "agent/app/cli/event_stream.h"
#include "agent/app/cli/server_address.h"
#include "agent/base/result.h"

namespace sextant::app::cli {

struct ClientConfig {
  ServerAddress server{};
  std::chrono::milliseconds timeout{5000};
  std::size_t max_answer_bytes = 64U << 20U;
  std::chrono::milliseconds silence{45'000};  // of a watch: three times the daemon's heartbeat
};

inline constexpr std::string_view kProtobuf = "application/x-protobuf";

struct HttpAnswer {
  unsigned status = 0;
  std::string content_type{};
  std::string body{};
};

// One GET on a connection of its own, by the caller's executor. Errors: no answer in time, or too long a one.
boost::asio::awaitable<Result<HttpAnswer>> get_once(ClientConfig config, std::string target, std::string accept);

// The body of a 200 of sextantd's; `doing` is what errors begin with where the answer says nothing itself.
Result<std::string> body_of(const std::string& doing, HttpAnswer answer);

// A message of proto/sextant/v1alpha1 out of such a body.
template <class Message>
Result<Message> decode(Result<std::string> body) {
  if (!body) return Failure(body.error());
  Message message;
  if (!message.ParseFromString(*body)) return failure("the answer is not what this version of the API has");
  return message;
}

class Client {
 public:
  explicit Client(ClientConfig config) : config_(std::move(config)) {}

  // The body of a 200. Errors: not connected, no answer in time, too long an answer, another status (with what the
  // daemon said), a body of another type.
  Result<std::string> get(const std::string& target) const;
  Result<std::string> post(const std::string& target, std::string body) const;

  // As above, decoded. Message is one of proto/sextant/v1alpha1.
  template <class Message>
  Result<Message> fetch(const std::string& target) const {
    return cli::decode<Message>(get(target));
  }
  template <class Message, class Request>
  Result<Message> ask(const std::string& target, const Request& request) const {
    return cli::decode<Message>(post(target, request.SerializeAsString()));
  }

  // Server-sent events. `opened` is called when the daemon sends the first thing, a comment; `on_event` for each event.
  // Either ends the watch by an Error, which is returned. Does not return before the connection ends: an Error too.
  Result<> watch(const std::string& target, const std::function<Result<>()>& opened,
                 const std::function<Result<>(const ServerEvent&)>& on_event) const;

  const ClientConfig& config() const { return config_; }

 private:
  ClientConfig config_;
};

// The query part of a target: "?a=1&b=2", percent-encoded; empty without parameters.
class Query {
 public:
  void add(std::string_view key, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_{};
};

// Percent-encodes what is not unreserved (RFC 3986, 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace sextant::app::cli
