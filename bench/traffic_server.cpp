#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "bench/traffic.h"

namespace sextant::bench {
namespace {

constexpr int kEvents = 64, kBatch = 64;
constexpr int kReceiveBuffer = 64 << 20;  // what comes while the server does something else is not lost

Result<UniqueFd> bound(int type, std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_failure("make a socket", errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return errno_failure("bind port " + std::to_string(port), errno);
  }
  if (type == SOCK_STREAM && ::listen(fd.get(), SOMAXCONN) != 0) return errno_failure("listen", errno);
  return fd;
}

class Server {
 public:
  static Result<Server> create(std::uint16_t port) {
    Server server;
    auto listener = bound(SOCK_STREAM, port);
    if (!listener) return Failure(std::move(listener.error()));
    auto datagrams = bound(SOCK_DGRAM, port);
    if (!datagrams) return Failure(std::move(datagrams.error()));
    server.listener_ = std::move(*listener);
    server.datagrams_ = std::move(*datagrams);
    server.epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : {STDIN_FILENO, server.listener_.get(), server.datagrams_.get()}) {
      if (!server.watch(fd)) return errno_failure("watch a socket", errno);
    }
    return server;
  }

  Result<> run() {
    std::array<epoll_event, kEvents> events{};
    while (true) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), kEvents, -1);
      for (int i = 0; i < ready; ++i) {
        if (!take(events[static_cast<std::size_t>(i)].data.fd)) return {};
      }
    }
  }

 private:
  Server() = default;

  bool watch(int fd) const {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  // False: standard input ended.
  bool take(int fd) {
    if (fd == STDIN_FILENO) return answer();
    if (fd == listener_.get()) {
      take_connection();
    } else if (fd == datagrams_.get()) {
      take_datagrams();
    } else {
      take_bytes(fd);
    }
    return true;
  }

  bool answer() const {
    std::array<char, 64> line{};
    if (::read(STDIN_FILENO, line.data(), line.size()) <= 0) return false;
    std::printf("{\"bytes\": %llu, \"connections\": %llu, \"datagrams\": %llu}\n", bytes_, connections_, received_);
    std::fflush(stdout);
    return true;
  }

  void take_connection() {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd || !watch(fd.get())) return;
    ++connections_;
    const int number = fd.get();
    open_.insert_or_assign(number, Connection{.fd = std::move(fd)});
  }

  void take_bytes(int fd) {
    const auto it = open_.find(fd);
    if (it == open_.end()) return;
    Connection& connection = it->second;
    if (connection.kind == '\0' && ::recv(fd, &connection.kind, 1, 0) != 1) {
      open_.erase(it);
      return;
    }
    const ssize_t got = ::recv(fd, chunk_.data(), chunk_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      open_.erase(it);
      return;
    }
    bytes_ += static_cast<unsigned long long>(got);
    if (connection.kind == kEcho)
      static_cast<void>(::send(fd, chunk_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL));
  }

  void take_datagrams() {
    std::array<mmsghdr, kBatch> headers{};  // without buffers: what is in them is cut off
    const int got = ::recvmmsg(datagrams_.get(), headers.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (got > 0) received_ += static_cast<unsigned long long>(got);
  }

  struct Connection {
    UniqueFd fd{};
    char kind = '\0';  // not told yet
  };

  UniqueFd listener_{}, datagrams_{}, epoll_{};
  std::map<int, Connection> open_{};
  std::vector<char> chunk_ = std::vector<char>(kChunk);
  unsigned long long bytes_ = 0, connections_ = 0, received_ = 0;
};

}  // namespace

Result<> serve(std::uint16_t port) {
  auto server = Server::create(port);
  if (!server) return Failure(std::move(server.error()));
  std::puts("{\"ready\": true}");
  std::fflush(stdout);
  return server->run();
}

}  // namespace sextant::bench
