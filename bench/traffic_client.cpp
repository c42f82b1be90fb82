#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "agent/base/c_ptr.h"
#include "bench/traffic.h"

namespace sextant::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr unsigned kDatagramBatch = 64;

struct Order {
  std::string what{}, from{}, to{};
  std::uint16_t port = 0;
  unsigned flows = 1;
  std::chrono::milliseconds time{};
};

struct Done {
  double seconds = 0;
  unsigned long long count = 0;  // connections, datagrams or requests
  unsigned long long bytes = 0;  // that the server is to count
  std::vector<std::uint32_t> took_ns{};
};

Result<Order> parse_order(const std::string& line) {
  std::istringstream in(line);
  Order order;
  long milliseconds = 0;
  in >> order.what >> order.from >> order.to >> order.port;
  if (order.what == "stream") in >> order.flows;
  in >> milliseconds;
  if (!in || milliseconds <= 0 || order.flows == 0) return failure("no order: " + line);
  order.time = std::chrono::milliseconds(milliseconds);
  return order;
}

Result<sockaddr_in6> address_of(const std::string& text, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr) != 1) return failure("no IPv6 address: " + text);
  return address;
}

Result<UniqueFd> connect_to(const Order& order, int type) {
  const auto from = address_of(order.from, 0), to = address_of(order.to, order.port);
  if (!from) return Failure(from.error());
  if (!to) return Failure(to.error());
  UniqueFd fd(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));
  if (!fd) return errno_failure("make a socket", errno);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*from), sizeof *from) != 0) {
    return errno_failure("bind " + order.from, errno);
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*to), sizeof *to) != 0) {
    return errno_failure("connect to " + order.to, errno);
  }
  return fd;
}

double since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

// Sends on whatever flow has room, then waits until the server has read all of it.
Result<Done> stream(const Order& order) {
  std::vector<UniqueFd> flows;
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (unsigned i = 0; i < order.flows; ++i) {
    auto flow = connect_to(order, SOCK_STREAM);
    if (!flow) return Failure(std::move(flow.error()));
    if (::send(flow->get(), &kSink, 1, MSG_NOSIGNAL) != 1) return errno_failure("begin a stream", errno);
    epoll_event event{.events = EPOLLOUT, .data = {.fd = flow->get()}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, flow->get(), &event) != 0) return errno_failure("watch a flow", errno);
    flows.push_back(std::move(*flow));
  }
  const std::vector<char> chunk(kChunk);
  Done done{.count = order.flows};
  std::array<epoll_event, 64> events{};
  const auto begun = Clock::now();
  while (Clock::now() - begun < order.time) {
    const int ready = ::epoll_wait(epoll.get(), events.data(), events.size(), 10);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      const ssize_t sent = ::send(fd, chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) done.bytes += static_cast<unsigned long long>(sent);
    }
  }
  for (const UniqueFd& flow : flows) ::shutdown(flow.get(), SHUT_WR);
  char end = 0;
  for (const UniqueFd& flow : flows) static_cast<void>(::recv(flow.get(), &end, 1, 0));  // the server closes
  done.seconds = since(begun);
  return done;
}

Result<Done> datagrams(const Order& order) {
  auto flow = connect_to(order, SOCK_DGRAM);
  if (!flow) return Failure(std::move(flow.error()));
  std::array<char, kDatagram> payload{};
  iovec part{.iov_base = payload.data(), .iov_len = payload.size()};
  std::array<mmsghdr, kDatagramBatch> headers{};
  for (mmsghdr& header : headers) {
    header.msg_hdr.msg_iov = &part;
    header.msg_hdr.msg_iovlen = 1;
  }
  Done done;
  const auto begun = Clock::now();
  while (Clock::now() - begun < order.time) {
    const int sent = ::sendmmsg(flow->get(), headers.data(), kDatagramBatch, 0);
    if (sent < 0) return errno_failure("send datagrams", errno);
    done.count += static_cast<unsigned long long>(sent);
  }
  done.seconds = since(begun);
  return done;
}

// One byte there and back. False: the connection broke.
bool ask(int fd) {
  char byte = 'x';
  return ::send(fd, &byte, 1, MSG_NOSIGNAL) == 1 && ::recv(fd, &byte, 1, 0) == 1;
}

Result<Done> requests(const Order& order) {
  auto flow = connect_to(order, SOCK_STREAM);
  if (!flow) return Failure(std::move(flow.error()));
  if (::send(flow->get(), &kEcho, 1, MSG_NOSIGNAL) != 1) return errno_failure("begin an echo", errno);
  Done done;
  const auto begun = Clock::now();
  for (auto last = begun; last - begun < order.time;) {
    if (!ask(flow->get())) return errno_failure("ask", errno);
    const auto now = Clock::now();
    done.took_ns.push_back(static_cast<std::uint32_t>((now - last).count()));
    last = now;
  }
  done.count = done.bytes = done.took_ns.size();
  done.seconds = since(begun);
  return done;
}

// A connection for each request, reset afterwards so that no port waits.
Result<Done> connections(const Order& order) {
  Done done;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  const auto begun = Clock::now();
  while (Clock::now() - begun < order.time) {
    auto flow = connect_to(order, SOCK_STREAM);
    if (!flow) return Failure(std::move(flow.error()));
    if (::send(flow->get(), &kEcho, 1, MSG_NOSIGNAL) != 1 || !ask(flow->get())) return errno_failure("ask", errno);
    ::setsockopt(flow->get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ++done.count;
  }
  done.bytes = done.count;
  done.seconds = since(begun);
  return done;
}

Result<Done> carry_out(const Order& order) {
  if (order.what == "stream") return stream(order);
  if (order.what == "datagrams") return datagrams(order);
  if (order.what == "requests") return requests(order);
  if (order.what == "connections") return connections(order);
  return failure("no order: " + order.what);
}

double percentile_us(std::vector<std::uint32_t>& took, unsigned percent) {
  const auto at = took.begin() + static_cast<std::ptrdiff_t>((took.size() - 1) * percent / 100);
  std::ranges::nth_element(took, at);
  return *at / 1000.0;
}

void tell(Done done) {
  std::printf("{\"seconds\": %.6f, \"count\": %llu, \"bytes\": %llu", done.seconds, done.count, done.bytes);
  if (!done.took_ns.empty()) {
    std::printf(", \"median_us\": %.3f, \"p99_us\": %.3f", percentile_us(done.took_ns, 50),
                percentile_us(done.took_ns, 99));
  }
  std::puts("}");
  std::fflush(stdout);
}

}  // namespace

Result<> run_client() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto order = parse_order(line);
    if (!order) return Failure(order.error());
    auto done = carry_out(*order);
    if (!done) return Failure(std::move(done.error()));
    tell(std::move(*done));
  }
  return {};
}

}  // namespace sextant::bench
