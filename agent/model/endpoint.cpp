#include "agent/model/endpoint.h"

#include <array>
#include <utility>

namespace sextant {

std::string_view to_string(EndpointKind kind) {
  static constexpr std::array<std::string_view, 5> kNames{"Pod", "Node", "Service", "Policy", "Sextant"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string EndpointRef::to_string() const {
  const std::string path = ns.empty() ? name : ns + "/" + name;
  switch (kind) {
    case EndpointKind::kNode:
      return "node/" + path;
    case EndpointKind::kService:
      return "service/" + path;
    case EndpointKind::kPod:
    case EndpointKind::kPolicy:
    case EndpointKind::kSextant:
      break;
  }
  return path;
}

std::string to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kAny:
      return "ANY";
    case Protocol::kIcmp:
      return "ICMP";
    case Protocol::kIgmp:
      return "IGMP";
    case Protocol::kIpip:
      return "IPIP";
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kIpv6:
      return "IPv6";
    case Protocol::kGre:
      return "GRE";
    case Protocol::kEsp:
      return "ESP";
    case Protocol::kAh:
      return "AH";
    case Protocol::kIcmpv6:
      return "ICMPv6";
    case Protocol::kVrrp:
      return "VRRP";
    case Protocol::kSctp:
      return "SCTP";
  }
  return "IP-" + std::to_string(std::to_underlying(protocol));
}

bool has_ports(Protocol protocol) {
  return protocol == Protocol::kTcp || protocol == Protocol::kUdp || protocol == Protocol::kSctp;
}

std::string_view to_string(Verdict verdict) {
  static constexpr std::array<std::string_view, 5> kNames{"unknown", "deny", "allow", "redirect", "auth"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

}  // namespace sextant
