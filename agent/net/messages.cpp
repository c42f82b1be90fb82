#include "agent/net/messages.h"

#include <cstring>
#include <string>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

namespace sextant::net {
namespace {

// The fixed header and the attributes after it; ok() is false when the message is too short for either.
template <class Header, int kMaxAttribute>
class Message {
 public:
  explicit Message(nlmsghdr* message)
      : header_(static_cast<const Header*>(nlmsg_data(message))),
        ok_(nlmsg_parse(message, sizeof(Header), attributes_, kMaxAttribute, nullptr) >= 0) {}

  bool ok() const { return ok_; }
  const Header& header() const { return *header_; }

  // nullptr when absent or shorter than `bytes`.
  nlattr* attribute(int type, int bytes) const {
    nlattr* found = attributes_[type];
    return found != nullptr && nla_len(found) >= bytes ? found : nullptr;
  }
  std::optional<std::uint32_t> number(int type) const {
    nlattr* found = attribute(type, sizeof(std::uint32_t));
    return found != nullptr ? std::optional(nla_get_u32(found)) : std::nullopt;
  }

 private:
  const Header* header_;
  nlattr* attributes_[kMaxAttribute + 1] = {};
  bool ok_;
};

std::string text_of(nlattr* attribute) {
  const auto* data = static_cast<const char*>(nla_data(attribute));
  return {data, ::strnlen(data, static_cast<std::size_t>(nla_len(attribute)))};
}

// `family` is AF_INET or AF_INET6.
std::optional<IpAddress> address_of(nlattr* attribute, int family) {
  IpAddress address;
  if (family == AF_INET6 && nla_len(attribute) == 16) {
    std::memcpy(address.bytes.data(), nla_data(attribute), 16);
    return address;
  }
  if (family == AF_INET && nla_len(attribute) == 4) {
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, nla_data(attribute), 4);
    return address;
  }
  return std::nullopt;
}

// Links whose packets start with the IP header report another type: ARPHRD_NONE (tun, wireguard), _PPP, _SIT, _TUNNEL6,
// _RAWIP... The loopback device has an Ethernet header, though its type is its own.
bool has_ethernet_header(unsigned short arphrd) { return arphrd == ARPHRD_ETHER || arphrd == ARPHRD_LOOPBACK; }

std::string kind_of(nlattr* linkinfo) {
  nlattr* nested[IFLA_INFO_MAX + 1] = {};
  if (linkinfo == nullptr || nla_parse_nested(nested, IFLA_INFO_MAX, linkinfo, nullptr) < 0) return {};
  return nested[IFLA_INFO_KIND] != nullptr ? text_of(nested[IFLA_INFO_KIND]) : std::string();
}

// RTA_MULTIPATH: a row of struct rtnexthop, each with attributes of its own, which say nothing more about the link.
std::vector<int> links_of_multipath(nlattr* multipath) {
  std::vector<int> links;
  const auto* at = static_cast<const unsigned char*>(nla_data(multipath));
  auto left = static_cast<std::size_t>(nla_len(multipath));
  while (left >= sizeof(rtnexthop)) {
    rtnexthop hop{};
    std::memcpy(&hop, at, sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > left) break;
    links.push_back(hop.rtnh_ifindex);
    const std::size_t step = RTNH_ALIGN(hop.rtnh_len);
    if (step >= left) break;
    at += step;
    left -= step;
  }
  return links;
}

bool covers_the_internet(const Message<rtmsg, RTA_MAX>& route) {
  IpAddress destination;
  if (nlattr* given = route.attribute(RTA_DST, 16)) std::memcpy(destination.bytes.data(), nla_data(given), 16);
  return Prefix::masked(destination, route.header().rtm_dst_len).contains(kGlobalUnicast);
}

}  // namespace

std::optional<Link> parse_link(nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWLINK) return std::nullopt;
  const Message<ifinfomsg, IFLA_MAX> link(message);
  if (!link.ok() || link.header().ifi_family == AF_BRIDGE) return std::nullopt;
  nlattr* name = link.attribute(IFLA_IFNAME, 1);
  if (name == nullptr) return std::nullopt;
  return Link{.index = link.header().ifi_index,
              .name = text_of(name),
              .kind = kind_of(link.attribute(IFLA_LINKINFO, 0)),
              .up = (link.header().ifi_flags & IFF_UP) != 0,
              .has_ethernet = has_ethernet_header(link.header().ifi_type)};
}

std::optional<LinkAddress> parse_address(nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWADDR) return std::nullopt;
  const Message<ifaddrmsg, IFA_MAX> found(message);
  if (!found.ok()) return std::nullopt;
  const int family = found.header().ifa_family;
  // IFA_ADDRESS is the peer's on a point-to-point link, and then IFA_LOCAL is ours (rtnetlink(7)).
  nlattr* on_link = found.attribute(IFA_ADDRESS, 4);
  nlattr* ours = found.attribute(IFA_LOCAL, 4);
  if (ours == nullptr) ours = on_link;
  if (on_link == nullptr) on_link = ours;
  if (ours == nullptr) return std::nullopt;
  const auto address = address_of(ours, family);
  const auto peer = address_of(on_link, family);
  const int length = found.header().ifa_prefixlen + (family == AF_INET ? 96 : 0);
  if (!address || !peer || length > 128) return std::nullopt;
  return LinkAddress{.link = static_cast<int>(found.header().ifa_index),
                     .network = Prefix::masked(*peer, static_cast<std::uint8_t>(length)),
                     .address = *address};
}

std::optional<WaysOut> parse_public_route(nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) return std::nullopt;
  const Message<rtmsg, RTA_MAX> route(message);
  if (!route.ok() || route.header().rtm_family != AF_INET6 || route.header().rtm_type != RTN_UNICAST)
    return std::nullopt;
  if ((route.header().rtm_flags & RTM_F_CLONED) != 0 || route.header().rtm_dst_len > 128) return std::nullopt;
  if (route.number(RTA_TABLE).value_or(route.header().rtm_table) != RT_TABLE_MAIN) return std::nullopt;
  if (!covers_the_internet(route)) return std::nullopt;

  WaysOut out;
  if (nlattr* multipath = route.attribute(RTA_MULTIPATH, 0)) out.links = links_of_multipath(multipath);
  if (const auto link = route.number(RTA_OIF)) out.links.push_back(static_cast<int>(*link));
  // With net.ipv4.nexthop_compat_mode=0 the kernel names the object and leaves the looking up to us.
  if (const auto id = route.number(RTA_NH_ID); id && out.links.empty()) out.nexthops.push_back(*id);
  return out;
}

std::optional<NextHop> parse_nexthop(nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWNEXTHOP) return std::nullopt;
  const Message<nhmsg, NHA_MAX> found(message);
  if (!found.ok()) return std::nullopt;
  const auto id = found.number(NHA_ID);
  if (!id) return std::nullopt;
  NextHop hop{.id = *id};
  if (const auto link = found.number(NHA_OIF)) hop.out.links.push_back(static_cast<int>(*link));
  if (nlattr* group = found.attribute(NHA_GROUP, sizeof(nexthop_grp))) {
    const auto* at = static_cast<const unsigned char*>(nla_data(group));
    for (auto left = static_cast<std::size_t>(nla_len(group)); left >= sizeof(nexthop_grp);
         left -= sizeof(nexthop_grp)) {
      nexthop_grp member{};
      std::memcpy(&member, at, sizeof member);
      hop.out.nexthops.push_back(member.id);
      at += sizeof member;
    }
  }
  return hop;
}

bool concerns_picture(nlmsghdr* message) {
  switch (message->nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return parse_public_route(message).has_value();
    default:
      return true;
  }
}

}  // namespace sextant::net
