// Listening sockets of the API: bound, listening, and safe to be answered on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "agent/base/c_ptr.h"
#include "agent/base/ip.h"
#include "agent/base/result.h"

namespace sextant::report {

// A Unix socket's file, removed again unless another daemon has put its own in its place.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile();

 private:
  std::string path_{};  // empty: none
  struct ::stat bound_{};
};

struct Listener {
  UniqueFd fd{};
  int family = 0;         // AF_UNIX, AF_INET6, AF_INET
  std::string name{};     // "unix:/run/sextant/sextant.sock", "[::1]:9713"
  bool loopback = false;  // TCP on a loopback address
  SocketFile file{};
};

// Mode 0660 from the first moment; the folder is made where it is missing. A socket that nobody answers on is replaced.
// Errors: another daemon answers on it, something else is at the path, the path is longer than a socket's may be.
Result<Listener> listen_unix(const std::string& path);

// Who may be answered on TCP.
struct Audience {
  bool allow_public = false;  // whoever sends, the internet too
  // Only these, from the first packet on; loopback listeners hear all the same.
  std::optional<std::vector<Prefix>> from{};
};

// "ADDRESS:PORT"; IPv6 in brackets, a link-local address with its zone ("[fe80::1%eth0]:9713"). An IPv6 listener takes
// no IPv4. Errors name the address: in use, not on this node, or one that answers the internet where the audience is
// not bounded.
Result<Listener> listen_tcp(std::string_view text, const Audience& audience);

// Whether packets from the internet could come to a socket bound to `address`: all but loopback, link-local, unique
// local, and IPv4's private ranges (RFC 1918, and RFC 6598's, which overlay networks use).
bool answers_public(const IpAddress& address);

}  // namespace sextant::report
