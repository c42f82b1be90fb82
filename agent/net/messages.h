// rtnetlink messages as values (layouts: linux/rtnetlink.h, linux/if_link.h, linux/nexthop.h; see rtnetlink(7)).
//
// Pure: a message in, a value out. nullopt: the message is none of this sort, is cut short, or lacks what it must have.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/model/network.h"

struct nlmsghdr;

namespace sextant::net {

// RTM_NEWLINK. `is_uplink` is left false: a link does not know.
std::optional<Link> parse_link(nlmsghdr* message);

// RTM_NEWADDR of either family.
std::optional<LinkAddress> parse_address(nlmsghdr* message);

// What a route or a next hop object leads to.
struct WaysOut {
  std::vector<int> links{};               // indices of the interfaces that packets leave by
  std::vector<std::uint32_t> nexthops{};  // ids of next hop objects (NHA_ID), to be looked up
  bool empty() const { return links.empty() && nexthops.empty(); }
};

// RTM_NEWROUTE or RTM_DELROUTE: where the route leads if the public internet lies behind it. That is a unicast route of
// the main table whose destination covers 2000::/3: ::/0, ::/1, ::/2 or 2000::/3 itself, whatever its metric.
// nullopt for every other route (an unreachable or blackhole default included).
std::optional<WaysOut> parse_public_route(nlmsghdr* message);

struct NextHop {
  std::uint32_t id = 0;
  WaysOut out{};
};

// RTM_NEWNEXTHOP: a single next hop or a group of them.
std::optional<NextHop> parse_nexthop(nlmsghdr* message);

// Whether a message of a subscribed group can change the picture. A node's CNI adds and removes a route for each pod:
// those do not.
bool concerns_picture(nlmsghdr* message);

}  // namespace sextant::net
