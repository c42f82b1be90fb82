#include "agent/app/cli/server_address.h"

#include <charconv>

#include <sys/un.h>

#include "agent/app/cli/text.h"
#include "agent/base/ip.h"

namespace sextant::app::cli {
namespace {

Failure wrong(std::string_view text, std::string_view why) {
  return failure(in_quotes(text) + " is no server: " + std::string(why) +
                 "; unix:PATH or http://[ADDRESS]:PORT is expected");
}

Result<ServerAddress> socket_from(std::string_view text, std::string_view path) {
  if (path.empty()) return wrong(text, "the path is missing");
  if (path.size() >= sizeof(sockaddr_un{}.sun_path)) return wrong(text, "a socket's path has at most 107 characters");
  return ServerAddress{.socket = std::string(path)};
}

Result<ServerAddress> http_from(std::string_view text, std::string_view rest) {
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  const auto bracket = rest.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return wrong(text, "the port is missing");
  std::string_view host = rest.substr(0, colon);
  const std::string_view digits = rest.substr(colon + 1);
  ServerAddress server;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), server.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || server.port == 0)
    return wrong(text, "the port is no number from 1 to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return wrong(text, "an IPv6 address goes in brackets");
  }
  if (host.empty()) return wrong(text, "the address is missing");
  if (host != "localhost" && !IpAddress::parse(host)) return wrong(text, in_quotes(host) + " is no address");
  server.host = host;
  return server;
}

}  // namespace

std::string ServerAddress::host_header() const {
  if (!socket.empty()) return "localhost";
  const std::string shown = host.contains(':') ? "[" + host + "]" : host;
  return shown + ":" + std::to_string(port);
}

std::string ServerAddress::to_string() const { return socket.empty() ? "http://" + host_header() : "unix:" + socket; }

Result<ServerAddress> server_from(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::string_view kHttp = "http://";
  if (text.starts_with(kUnix)) return socket_from(text, text.substr(kUnix.size()));
  if (text.starts_with(kHttp)) return http_from(text, text.substr(kHttp.size()));
  if (text.starts_with("https://")) return wrong(text, "sextantd speaks no TLS");
  return wrong(text, "the scheme is missing");
}

}  // namespace sextant::app::cli
