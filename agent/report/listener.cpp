#include "agent/report/listener.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/report/source_filter.h"

namespace sextant::report {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0660;

struct TcpAddress {
  IpAddress address{};
  std::string zone{};
  std::uint16_t port = 0;
};

Result<TcpAddress> tcp_address_from(std::string_view text) {
  const auto wrong = [text] { return failure("'" + std::string(text) + "' is no ADDRESS:PORT (IPv6 in brackets)"); };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  TcpAddress out;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size()) return wrong();
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (const std::size_t zone = host.find('%'); bracketed && zone != std::string_view::npos) {
    out.zone = host.substr(zone + 1);
    host = host.substr(0, zone);
  }
  const Result<IpAddress> address = IpAddress::parse(host);
  if (!address || bracketed == (host.find(':') == std::string_view::npos)) return wrong();
  out.address = *address;
  return out;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const TcpAddress& from, unsigned scope) {
  SocketAddress out;
  if (from.address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(from.port);
    std::memcpy(&v4.sin_addr, from.address.bytes.data() + 12, 4);
    out.size = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(from.port);
    v6.sin6_scope_id = scope;
    std::memcpy(&v6.sin6_addr, from.address.bytes.data(), 16);
    out.size = sizeof v6;
  }
  return out;
}

Result<std::uint16_t> bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return errno_failure("getsockname", errno);
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(storage).sin_port
                                            : reinterpret_cast<sockaddr_in6&>(storage).sin6_port);
}

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.sun_path) {
    return failure("a socket's path has 1 to " + std::to_string(sizeof out.sun_path - 1) + " bytes, not " +
                   std::to_string(path.size()));
  }
  std::memcpy(out.sun_path, path.data(), path.size());
  return out;
}

UniqueFd open_socket(int family) { return UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// Makes way for a new socket. A living daemon answers, or is too busy to (EAGAIN); a dead one's socket refuses.
Result<> clear_way(const std::string& path, const sockaddr_un& address) {
  struct ::stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? Result<>() : errno_failure("look at it", errno);
  }
  if (!S_ISSOCK(found.st_mode)) return failure("the file there is no socket");
  const UniqueFd probe = open_socket(AF_UNIX);
  if (!probe) return errno_failure("socket", errno);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
    return failure("another sextantd answers on it", EADDRINUSE);
  }
  if (errno != ECONNREFUSED && errno != ENOENT) return errno_failure("ask who answers on it", errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_failure("remove a dead daemon's socket", errno);
  return {};
}

Result<Listener> bind_unix(const std::string& path) {
  const Result<sockaddr_un> address = unix_address(path);
  if (!address) return Failure(address.error());
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return failure("make its folder: " + error.message(), error.value());
  if (const Result<> clear = clear_way(path, *address); !clear) return Failure(clear.error());
  UniqueFd fd = open_socket(AF_UNIX);
  if (!fd) return errno_failure("socket", errno);
  // The file takes the descriptor's mode (less the umask) when it is made: it is never wider than it should be.
  if (::fchmod(fd.get(), kSocketMode) != 0) return errno_failure("set its mode", errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return errno_failure("bind", errno);
  SocketFile file(path);
  if (::chmod(path.c_str(), kSocketMode) != 0) return errno_failure("set its mode", errno);
  if (::listen(fd.get(), kBacklog) != 0) return errno_failure("listen", errno);
  return Listener{
      .fd = std::move(fd), .family = AF_UNIX, .name = "unix:" + path, .loopback = false, .file = std::move(file)};
}

Result<Listener> bind_tcp(const TcpAddress& at, const Audience& audience) {
  const unsigned scope = at.zone.empty() ? 0 : ::if_nametoindex(at.zone.c_str());
  if (!at.zone.empty() && scope == 0) return failure("there is no interface '" + at.zone + "'", ENODEV);
  const int family = at.address.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd = open_socket(family);
  if (!fd) return errno_failure("socket", errno);
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return errno_failure("SO_REUSEADDR", errno);
  if (family == AF_INET6 && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return errno_failure("IPV6_V6ONLY", errno);
  }
  // Before it listens: nobody else is ever answered.
  if (audience.from && !at.address.is_loopback()) {
    if (const Result<> bounded = hear_only(fd.get(), family, *audience.from); !bounded) return Failure(bounded.error());
  }
  const SocketAddress address = socket_address(at, scope);
  if (::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), kBacklog) != 0)
    return errno_failure("bind", errno);
  const Result<std::uint16_t> port = bound_port(fd.get());
  if (!port) return Failure(port.error());
  const std::string host = at.address.to_string() + (at.zone.empty() ? "" : '%' + at.zone);
  return Listener{.fd = std::move(fd),
                  .family = family,
                  .name = (at.address.is_v4() ? host : '[' + host + ']') + ':' + std::to_string(*port),
                  .loopback = at.address.is_loopback(),
                  .file = {}};
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  if (::lstat(path_.c_str(), &bound_) != 0) path_.clear();
}

SocketFile::SocketFile(SocketFile&& other) noexcept : path_(std::exchange(other.path_, {})), bound_(other.bound_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(bound_, other.bound_);
  return *this;
}

SocketFile::~SocketFile() {
  struct ::stat now{};
  if (path_.empty() || ::lstat(path_.c_str(), &now) != 0) return;
  if (now.st_dev == bound_.st_dev && now.st_ino == bound_.st_ino) ::unlink(path_.c_str());
}

Result<Listener> listen_unix(const std::string& path) {
  Result<Listener> out = bind_unix(path);
  return out ? std::move(out) : because("listen on unix:" + path, out.error());
}

Result<Listener> listen_tcp(std::string_view text, const Audience& audience) {
  const std::string doing = "listen on " + std::string(text);
  const Result<TcpAddress> at = tcp_address_from(text);
  if (!at) return because(doing, at.error());
  if (answers_public(at->address) && !audience.allow_public && !audience.from) {
    return failure(
        doing +
            ": it would answer the internet; choose a loopback, private or unique local address, say whom it "
            "answers (api.from), or set api.public: true",
        EPERM);
  }
  Result<Listener> out = bind_tcp(*at, audience);
  return out ? std::move(out) : because(doing, out.error());
}

bool answers_public(const IpAddress& address) {
  static const std::array kPrivate{Prefix::parse("10.0.0.0/8").value(), Prefix::parse("172.16.0.0/12").value(),
                                   Prefix::parse("192.168.0.0/16").value(), Prefix::parse("100.64.0.0/10").value()};
  if (address.is_loopback() || address.is_link_local() || address.is_unique_local()) return false;
  return std::ranges::none_of(kPrivate, [&](const Prefix& prefix) { return prefix.contains(address); });
}

}  // namespace sextant::report
