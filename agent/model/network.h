// The node's own network, as netlink tells it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/ip.h"

namespace sextant {

struct Link {
  int index = 0;
  std::string name{};
  std::string kind{};        // "veth", "vxlan", "tun"...; empty for hardware
  bool up = false;           // administratively up
  bool has_ethernet = true;  // false: packets start with the IP header (ARPHRD_NONE, tun, wireguard, ppp)
  bool is_uplink = false;    // holds an IPv6 default route, or was named in the configuration
  auto operator<=>(const Link&) const = default;
};

struct LinkAddress {
  int link = 0;
  Prefix network{};  // the address's on-link prefix
  IpAddress address{};
  auto operator<=>(const LinkAddress&) const = default;
};

// The whole picture; a change is told by a new picture. Lists are sorted.
struct NetworkPicture {
  std::vector<Link> links{};
  std::vector<LinkAddress> addresses{};
  std::vector<std::string> missing_uplinks{};  // named in the configuration, not there
  bool operator==(const NetworkPicture&) const = default;
};

}  // namespace sextant
