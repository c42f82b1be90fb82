// A client that says exactly the bytes it is given, over a blocking socket.
#pragma once

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/base/c_ptr.h"

namespace sextant::report {

class HttpClient {
 public:
  // "unix:PATH", "[::1]:PORT", "127.0.0.1:PORT"; as ApiServer::listening() names them. A small receive buffer makes a
  // client that soon holds the server up.
  explicit HttpClient(const std::string& address, int receive_buffer = 0);

  bool send(std::string_view bytes);  // false: the server has closed
  // Reads until `text` came (everything up to and with it), the server closed, or two seconds passed.
  std::string read_until(std::string_view text);
  std::string read_all() { return read_until({}); }  // until the server closed
  // One answer, body and all, by its Content-Length.
  std::string answer();
  // Sends and reads one answer.
  std::string ask(std::string_view request);
  // Whether the server closes (or resets) within the time.
  bool closed_within(std::chrono::milliseconds time);
  void finish_sending();

 private:
  bool wait_readable(std::chrono::milliseconds time);
  bool read_some();

  UniqueFd fd_{};
  std::string buffer_{};
  bool closed_ = false;
};

// "GET PATH HTTP/1.1", a Host, and the fields given ("Accept: x\r\n").
inline std::string get(std::string_view path, std::string_view fields = {});
inline std::string post(std::string_view path, std::string_view body,
                        std::string_view fields = "Content-Type: application/json\r\n");

// Scrapes until the metrics hold `text`, or ten seconds have passed; the last scrape.
inline std::string metrics_with(const std::string& address, std::string_view text);

inline int status_of(std::string_view answer);
inline std::string body_of(std::string_view answer);

namespace http_client_detail {

inline constexpr std::chrono::milliseconds kPatience{2000};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

inline Address address_of(const std::string& text) {
  Address out;
  if (text.starts_with("unix:")) {
    auto& unix = reinterpret_cast<sockaddr_un&>(out.storage);
    unix.sun_family = AF_UNIX;
    text.copy(unix.sun_path, sizeof unix.sun_path - 1, 5);
    out.size = sizeof unix;
    return out;
  }
  const std::size_t colon = text.rfind(':');
  const auto port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
  if (text.front() == '[') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port;
    ::inet_pton(AF_INET6, text.substr(1, colon - 2).c_str(), &v6.sin6_addr);
    out.size = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = port;
    ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &v4.sin_addr);
    out.size = sizeof v4;
  }
  return out;
}

inline std::string request(std::string_view method, std::string_view path, std::string_view fields) {
  return std::string(method) + ' ' + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields);
}

}  // namespace http_client_detail

inline HttpClient::HttpClient(const std::string& address, int receive_buffer) {
  const http_client_detail::Address to = http_client_detail::address_of(address);
  fd_ = UniqueFd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0) {
    throw std::runtime_error("connect " + address + ": " + std::strerror(errno));
  }
}

inline bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

inline bool HttpClient::wait_readable(std::chrono::milliseconds time) {
  pollfd poll{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, static_cast<int>(time.count())) == 1;
}

inline bool HttpClient::read_some() {
  char bytes[65536];
  const ssize_t size = ::recv(fd_.get(), bytes, sizeof bytes, 0);
  if (size > 0) buffer_.append(bytes, static_cast<std::size_t>(size));
  closed_ = size <= 0;
  return !closed_;
}

inline std::string HttpClient::read_until(std::string_view text) {
  std::size_t end = std::string::npos;
  while ((end = text.empty() ? std::string::npos : buffer_.find(text)) == std::string::npos) {
    if (closed_ || !wait_readable(http_client_detail::kPatience) || !read_some()) return std::exchange(buffer_, {});
  }
  std::string out = buffer_.substr(0, end + text.size());
  buffer_.erase(0, out.size());
  return out;
}

inline std::string HttpClient::answer() {
  std::string out = read_until("\r\n\r\n");
  const std::size_t at = out.find("Content-Length: ");
  if (at == std::string::npos) return out;
  const std::size_t length = std::stoul(out.substr(at + 16));
  while (buffer_.size() < length && wait_readable(http_client_detail::kPatience) && read_some()) {
  }
  out += buffer_.substr(0, length);
  buffer_.erase(0, length);
  return out;
}

inline std::string HttpClient::ask(std::string_view request) {
  send(request);
  return answer();
}

inline bool HttpClient::closed_within(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!closed_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !wait_readable(left)) return false;
    read_some();
  }
  return true;
}

inline void HttpClient::finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

inline std::string get(std::string_view path, std::string_view fields) {
  return http_client_detail::request("GET", path, fields) + "\r\n";
}

inline std::string post(std::string_view path, std::string_view body, std::string_view fields) {
  return http_client_detail::request("POST", path, fields) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

inline std::string metrics_with(const std::string& address, std::string_view text) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string out;
  do {
    out = HttpClient(address).ask(get("/metrics"));
  } while (out.find(text) == std::string::npos && std::chrono::steady_clock::now() < until);
  return out;
}

inline int status_of(std::string_view answer) {
  int out = 0;
  if (answer.starts_with("HTTP/1.1 ")) std::from_chars(answer.data() + 9, answer.data() + answer.size(), out);
  return out;
}

inline std::string body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

}  // namespace sextant::report
