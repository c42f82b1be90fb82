#include "agent/app/names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>

namespace sextant::app {
namespace {

constexpr std::array kProtocols{Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6, Protocol::kIcmp};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

Result<policy::Subject> subject_from(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
    return failure(quoted(text) + " names no endpoint: NAMESPACE/POD or node/NAME is expected");
  const auto ns = text.substr(0, slash);
  const auto name = text.substr(slash + 1);
  policy::Subject subject{.name = std::string(name)};
  if (name.contains('/')) {
    subject.kind = policy::Subject::Kind::kWorkload;
    subject.ns = ns;
  } else if (ns == "node") {
    subject.kind = policy::Subject::Kind::kNode;
  } else {
    subject.ns = ns;
  }
  return subject;
}

Result<Destination> destination_from(std::string_view text) {
  constexpr std::string_view kService = "service/";
  if (!text.contains('/')) {
    const auto address = IpAddress::parse(text);
    if (!address)
      return failure(quoted(text) +
                     " is no destination: NAMESPACE/POD, node/NAME, service/NAMESPACE/NAME or an address is expected");
    return *address;
  }
  auto subject = subject_from(text);
  if (!subject) return Failure(subject.error());
  // "service/Deployment/web" is a template in the namespace "service": no namespace has a capital.
  const bool is_service = text.starts_with(kService) && subject->kind == policy::Subject::Kind::kWorkload &&
                          std::isupper(static_cast<unsigned char>(subject->name.front())) == 0;
  if (!is_service) return *std::move(subject);
  const auto slash = subject->name.find('/');
  if (slash == 0 || slash + 1 == subject->name.size())
    return failure(quoted(text) + " names no service: service/NAMESPACE/NAME is expected");
  return EndpointRef{
      .kind = EndpointKind::kService, .ns = subject->name.substr(0, slash), .name = subject->name.substr(slash + 1)};
}

Result<policy::Peer> peer_from(std::string_view text) {
  if (!text.contains('/')) {
    auto address = IpAddress::parse(text);
    if (!address) return failure(quoted(text) + " is no source: an address, NAMESPACE/POD or node/NAME is expected");
    return policy::Peer{.kind = policy::Peer::Kind::kAddress, .address = *address};
  }
  auto subject = subject_from(text);
  if (!subject) return Failure(subject.error());
  const bool node = subject->kind == policy::Subject::Kind::kNode;
  return policy::Peer{
      .kind = node ? policy::Peer::Kind::kNode : policy::Peer::Kind::kPod, .ns = subject->ns, .name = subject->name};
}

Result<PortAndProtocol> port_from(std::string_view text) {
  const auto slash = text.find('/');
  const auto digits = text.substr(0, slash);
  PortAndProtocol result;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return failure(quoted(text) + " is no port: PORT or PORT/PROTOCOL with PORT from 0 to 65535 is expected");
  if (slash == std::string_view::npos) return result;
  const auto name = text.substr(slash + 1);
  const auto* protocol = std::ranges::find_if(kProtocols, [&](Protocol p) { return same_word(to_string(p), name); });
  if (protocol == kProtocols.end())
    return failure(quoted(name) + " is no protocol: TCP, UDP, SCTP, ICMPv6 or ICMP is expected");
  result.protocol = *protocol;
  return result;
}

}  // namespace sextant::app
