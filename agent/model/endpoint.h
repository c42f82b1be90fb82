// What a row, a finding or a verdict is about.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace sextant {

enum class EndpointKind : std::uint8_t { kPod, kNode, kService, kPolicy, kSextant };
std::string_view to_string(EndpointKind kind);  // "Pod", "Node", "Service", "Policy", "Sextant"

// Names one endpoint for as long as it keeps its name: a StatefulSet's pod that is made anew is the same endpoint.
struct EndpointRef {
  EndpointKind kind = EndpointKind::kPod;
  std::string ns{};  // empty for cluster-wide kinds
  std::string name{};

  auto operator<=>(const EndpointRef&) const = default;
  std::string to_string() const;  // "shop/db", "node/n1"
};

// IP protocol numbers (IANA); kAny is only used in policies.
enum class Protocol : std::uint8_t {
  kAny = 0,
  kIcmp = 1,
  kIgmp = 2,
  kIpip = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6 = 41,
  kGre = 47,
  kEsp = 50,
  kAh = 51,
  kIcmpv6 = 58,
  kVrrp = 112,
  kSctp = 132
};
std::string to_string(Protocol protocol);  // "TCP"...; "IP-89" for a number without a name here
bool has_ports(Protocol protocol);         // TCP, UDP, SCTP

// What should or did happen. Unknown is a verdict: what cannot be told is never printed as allowed.
enum class Verdict : std::uint8_t { kUnknown = 0, kDeny = 1, kAllow = 2, kRedirect = 3, kAuth = 4 };
std::string_view to_string(Verdict verdict);  // "unknown", "deny", "allow", "redirect", "auth"
// redirect and auth count as reachable.
constexpr bool reachable(Verdict v) { return v == Verdict::kAllow || v == Verdict::kRedirect || v == Verdict::kAuth; }

}  // namespace sextant
