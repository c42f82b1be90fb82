#include "agent/kube/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/base/ip.h"
#include "agent/base/text.h"

namespace sextant::kube {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::string_view kScheme = "https://";

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0)
    return failure(quote(text) + " is no port");
  return port;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  });
}

// "HOST", "HOST:PORT", "[::1]", "[::1]:6443".
Result<> read_authority(std::string_view text, Connection& to) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return failure("']' is missing");
    to.host = text.substr(1, close - 1);
    if (const auto address = IpAddress::parse(to.host); !address || address->is_v4())
      return failure(quote(to.host) + " is no IPv6 address");
    text.remove_prefix(close + 1);
    if (!text.empty() && !text.starts_with(':')) return failure("':' is wanted behind ']'");
    port = text.empty() ? text : text.substr(1);
  } else {
    const auto colon = text.find(':');
    to.host = text.substr(0, colon);
    if (!is_host_name(to.host)) return failure(quote(to.host) + " is no host");
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (port.empty()) return {};
  auto number = parse_port(port);
  if (!number) return Failure(number.error());
  to.port = *number;
  return {};
}

}  // namespace

Result<std::string> Material::read() const {
  if (!text.empty() || file.empty()) return text;
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not hold up the daemon
  if (!fd) return errno_failure("read " + file.string(), errno);
  std::string content;
  std::array<char, 16384> piece{};
  for (;;) {
    const ssize_t size = ::read(fd.get(), piece.data(), piece.size());
    if (size < 0) return errno_failure("read " + file.string(), errno);
    if (size == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(size));
    if (content.size() > kMostBytes) return failure("read " + file.string() + ": larger than 1 MiB");
  }
}

std::string Connection::authority() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Connection> parse_server(std::string_view url) {
  const std::string doing = "server " + quote(url);
  if (!url.starts_with(kScheme)) return failure(doing + ": https:// is wanted; without TLS nobody is verified");
  url.remove_prefix(kScheme.size());
  const auto slash = url.find('/');
  Connection connection;
  if (auto read = read_authority(url.substr(0, slash), connection); !read) return because(doing, read.error());
  if (slash == std::string_view::npos) return connection;
  connection.base_path = url.substr(slash);
  while (connection.base_path.ends_with('/')) connection.base_path.pop_back();
  const bool plain = std::ranges::all_of(connection.base_path, [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain || connection.base_path.find_first_of("?#") != std::string::npos)
    return failure(doing + ": a path may follow the host, and nothing else");
  return connection;
}

Result<Connection> in_cluster(const std::filesystem::path& mount) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || *host == '\0' || port == nullptr || *port == '\0') {
    return failure(
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set (outside of one, "
        "source.kubernetes.kubeconfig names a kubeconfig)");
  }
  Connection connection{.host = host};
  if (!IpAddress::parse(connection.host) && !is_host_name(connection.host))
    return failure("KUBERNETES_SERVICE_HOST: " + quote(connection.host) + " is no host");
  auto number = parse_port(port);
  if (!number) return because("KUBERNETES_SERVICE_PORT", number.error());
  connection.port = *number;
  connection.ca.file = mount / "ca.crt";
  connection.token.file = mount / "token";
  for (const Material* material : {&connection.ca, &connection.token}) {
    const auto content = material->read();
    if (!content) return because("service account", content.error());
    if (content->empty()) return failure("service account: " + material->file.string() + " is empty");
  }
  return connection;
}

}  // namespace sextant::kube
