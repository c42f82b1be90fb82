#include "agent/net/messages.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace sextant::net {
namespace {

// A message as the kernel lays it out.
class MessageBytes {
 public:
  template <class Header>
  MessageBytes(std::uint16_t type, const Header& header) {
    bytes_.resize(NLMSG_HDRLEN);
    append(&header, sizeof header);
    this->header()->nlmsg_type = type;
  }

  MessageBytes& with(std::uint16_t attribute, const void* value, std::size_t size) {
    const rtattr head{static_cast<unsigned short>(RTA_LENGTH(size)), attribute};
    append(&head, sizeof head);
    append(value, size);
    return *this;
  }
  MessageBytes& with(std::uint16_t attribute, std::uint32_t value) { return with(attribute, &value, sizeof value); }

  nlmsghdr* header() {
    auto* header = reinterpret_cast<nlmsghdr*>(bytes_.data());
    header->nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    return header;
  }
  std::size_t size() const { return bytes_.size(); }
  // The first `length` bytes, in memory of exactly that size, so that a sanitizer sees a read past them.
  std::vector<std::byte> cut(std::size_t length) const {
    std::vector<std::byte> copy(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(length));
    const auto claimed = static_cast<std::uint32_t>(length);
    std::memcpy(copy.data(), &claimed, sizeof claimed);
    return copy;
  }

 private:
  void append(const void* data, std::size_t size) {
    const auto* at = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), at, at + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  std::vector<std::byte> bytes_{};
};

MessageBytes link_message() {
  ifinfomsg header{};
  header.ifi_index = 4;
  return {RTM_NEWLINK, header};
}

MessageBytes address_message(unsigned char family, unsigned char length) {
  ifaddrmsg header{};
  header.ifa_family = family;
  header.ifa_prefixlen = length;
  header.ifa_index = 1;
  return {RTM_NEWADDR, header};
}

MessageBytes route_message(unsigned char length) {
  rtmsg header{};
  header.rtm_family = AF_INET6;
  header.rtm_dst_len = length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_type = RTN_UNICAST;
  return {RTM_NEWROUTE, header};
}
MessageBytes default_route() { return route_message(0); }

rtnexthop hop(std::size_t length, int link) {
  rtnexthop made{};
  made.rtnh_len = static_cast<unsigned short>(length);
  made.rtnh_ifindex = link;
  return made;
}

TEST(Messages, ADefaultRouteLeadsOutOfItsLink) {
  auto message = default_route().with(RTA_OIF, 7);
  const auto route = parse_public_route(message.header());
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->links, std::vector<int>{7});
}

TEST(Messages, ATableNumberBeyondAByteIsReadFromItsAttribute) {
  auto message = default_route().with(RTA_TABLE, 1000).with(RTA_OIF, 7);
  EXPECT_FALSE(parse_public_route(message.header()).has_value());
}

TEST(Messages, AMultipathEntryThatClaimsNoLengthEndsTheList) {
  const rtnexthop hops[2] = {hop(sizeof(rtnexthop), 3), hop(0, 4)};
  auto message = default_route().with(RTA_MULTIPATH, hops, sizeof hops);
  EXPECT_EQ(parse_public_route(message.header())->links, std::vector<int>{3});
}

TEST(Messages, AMultipathEntryLongerThanTheListEndsIt) {
  const rtnexthop too_long = hop(sizeof(rtnexthop) + 1, 3);
  auto message = default_route().with(RTA_MULTIPATH, &too_long, sizeof too_long);
  EXPECT_TRUE(parse_public_route(message.header())->links.empty());
}

TEST(Messages, OnlyRoutesTowardsTheInternetConcernThePicture) {
  EXPECT_TRUE(concerns_picture(default_route().with(RTA_OIF, 7).header()));
  const unsigned char pod[16] = {0x20, 0x01, 0x0d, 0xb8};
  EXPECT_FALSE(concerns_picture(route_message(128).with(RTA_DST, pod, sizeof pod).header()));
  EXPECT_TRUE(concerns_picture(link_message().header()));
}

TEST(Messages, ALinkWithoutANameIsNone) { EXPECT_FALSE(parse_link(link_message().header()).has_value()); }

TEST(Messages, AnAddressOfAnUnknownFamilyIsNone) {
  const unsigned char bytes[4] = {1, 2, 3, 4};
  auto message = address_message(AF_PHONET, 8);
  EXPECT_FALSE(parse_address(message.with(IFA_LOCAL, bytes, sizeof bytes).header()).has_value());
}

TEST(Messages, APrefixLongerThanItsFamilyIsNone) {
  const unsigned char bytes[4] = {192, 0, 2, 1};
  auto message = address_message(AF_INET, 33);
  EXPECT_FALSE(parse_address(message.with(IFA_LOCAL, bytes, sizeof bytes).header()).has_value());
}

// Whatever a cut message gives, no byte past its end is read: the sanitizer watches.
TEST(Messages, AreReadNoFurtherThanTheirLength) {
  const char name[] = "eth0";
  const unsigned char address[16] = {0x20, 0x01};
  const rtnexthop hops[2] = {hop(sizeof(rtnexthop), 3), hop(sizeof(rtnexthop), 4)};
  MessageBytes messages[] = {
      link_message().with(IFLA_IFNAME, name, sizeof name),
      address_message(AF_INET6, 64).with(IFA_ADDRESS, address, sizeof address),
      default_route().with(RTA_MULTIPATH, hops, sizeof hops).with(RTA_OIF, 7),
  };
  for (MessageBytes& whole : messages) {
    for (std::size_t length = NLMSG_HDRLEN; length <= whole.size(); ++length) {
      std::vector<std::byte> cut = whole.cut(length);
      std::memcpy(cut.data() + offsetof(nlmsghdr, nlmsg_type), &whole.header()->nlmsg_type, sizeof(std::uint16_t));
      auto* message = reinterpret_cast<nlmsghdr*>(cut.data());
      parse_link(message);
      parse_address(message);
      parse_public_route(message);
      parse_nexthop(message);
    }
  }
}

}  // namespace
}  // namespace sextant::net
