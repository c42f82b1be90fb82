#include "agent/net/network_source.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/net/own_namespace.h"

namespace sextant::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

const Link* find_link(const NetworkPicture& picture, const std::string& name) {
  const auto found = std::ranges::find(picture.links, name, &Link::name);
  return found != picture.links.end() ? &*found : nullptr;
}

std::vector<std::string> uplinks(const NetworkPicture& picture) {
  std::vector<std::string> names;
  for (const Link& link : picture.links) {
    if (link.is_uplink) names.push_back(link.name);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> addresses(const NetworkPicture& picture, const std::string& link) {
  std::vector<std::string> found;
  for (const LinkAddress& address : picture.addresses) {
    if (const Link* at = find_link(picture, link); at != nullptr && at->index == address.link) {
      found.push_back(address.address.to_string() + " in " + address.network.to_string());
    }
  }
  return found;
}

NetworkPicture picture_now(std::vector<std::string> named = {}) {
  auto source = NetworkSource::open({.uplinks = std::move(named)}, [](const NetworkPicture&) {});
  EXPECT_TRUE(source.has_value());
  auto picture = source->picture();
  EXPECT_TRUE(picture.has_value()) << picture.error().what;
  return picture.value_or(NetworkPicture{});
}

// Runs a source, and turns its event loop until it has told what the test waits for.
class Watch {
 public:
  explicit Watch(std::vector<std::string> named = {}) {
    auto source = NetworkSource::open({.uplinks = std::move(named)}, [this](const NetworkPicture& told) {
      last = told;
      ++pictures;
    });
    EXPECT_TRUE(source.has_value());
    source_.emplace(*std::move(source));
    boost::asio::co_spawn(
        loop_, source_->run(),
        boost::asio::bind_cancellation_slot(
            stop_.slot(), [this](std::exception_ptr, Result<> result) { ended = std::move(result); }));
  }
  ~Watch() {
    stop_.emit(boost::asio::cancellation_type::terminal);
    loop_.restart();
    loop_.run_for(1s);
    EXPECT_TRUE(ended.has_value()) << "a cancelled source did not end";
    EXPECT_TRUE(!ended || ended->has_value()) << "being cancelled is success, but: " << ended->error().what;
  }

  bool until(const std::function<bool(const NetworkPicture&)>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!ended && std::chrono::steady_clock::now() < deadline) {
      if (last && holds(*last)) return true;
      loop_.restart();
      loop_.run_one_for(50ms);
    }
    return last && holds(*last);
  }
  bool until_uplinks(const std::vector<std::string>& names) {
    return until([&](const NetworkPicture& picture) { return uplinks(picture) == names; });
  }
  // Turns the loop for a while, whatever happens.
  void let_pass(std::chrono::milliseconds time) {
    loop_.restart();
    loop_.run_for(time);
  }

  std::optional<NetworkPicture> last{};
  int pictures = 0;
  std::optional<Result<>> ended{};

 private:
  boost::asio::io_context loop_{};
  boost::asio::cancellation_signal stop_{};
  std::optional<NetworkSource> source_{};
};

class NetworkSourceTest : public OwnNamespace {};

TEST_F(NetworkSourceTest, TellsLinksWithTheirKindsAndWhetherTheyHaveAnEthernetHeader) {
  ip("link add br0 type bridge");
  ip("tuntap add dev t0 mode tun");
  ip("tuntap add dev tap0 mode tap");
  make_veth("v0", "2001:db8:1::1/64");

  const NetworkPicture picture = picture_now();

  EXPECT_EQ(find_link(picture, "br0")->kind, "bridge");
  EXPECT_FALSE(find_link(picture, "br0")->up);
  EXPECT_TRUE(find_link(picture, "br0")->has_ethernet);
  EXPECT_EQ(find_link(picture, "v0")->kind, "veth");
  EXPECT_TRUE(find_link(picture, "v0")->up);
  EXPECT_TRUE(find_link(picture, "lo")->has_ethernet);
  EXPECT_EQ(find_link(picture, "t0")->kind, "tun");
  EXPECT_FALSE(find_link(picture, "t0")->has_ethernet);
  EXPECT_EQ(find_link(picture, "tap0")->kind, "tun");
  EXPECT_TRUE(find_link(picture, "tap0")->has_ethernet);
}

TEST_F(NetworkSourceTest, TunnelsHaveNoEthernetHeader) {
  if (std::system("ip link add s0 type sit remote 192.0.2.1 local 192.0.2.2 2>/dev/null") != 0) {
    GTEST_SKIP() << "this kernel has no sit";
  }
  EXPECT_FALSE(find_link(picture_now(), "s0")->has_ethernet);
}

TEST_F(NetworkSourceTest, TellsAddressesOfBothFamiliesWithTheirOnLinkPrefix) {
  make_veth("v0", "2001:db8:1::1/64");
  ip("address add fd00::7/128 dev v0 nodad");
  ip("address add 192.0.2.9/24 dev v0");

  EXPECT_THAT(addresses(picture_now(), "v0"),
              testing::UnorderedElementsAre("2001:db8:1::1 in 2001:db8:1::/64", "fd00::7 in fd00::7/128",
                                            "192.0.2.9 in 192.0.2.0/24"));
}

TEST_F(NetworkSourceTest, OnAPointToPointLinkTheAddressIsOursAndThePrefixThePeers) {
  ip("tuntap add dev t0 mode tun");
  ip("address add 2001:db8:1::1 peer 2001:db8:2::/64 dev t0 nodad");

  EXPECT_THAT(addresses(picture_now(), "t0"), ElementsAre("2001:db8:1::1 in 2001:db8:2::/64"));
}

TEST_F(NetworkSourceTest, WithoutADefaultRouteThereIsNoUplink) {
  make_veth("v0", "2001:db8:1::1/64");

  EXPECT_THAT(uplinks(picture_now()), IsEmpty());
}

TEST_F(NetworkSourceTest, AnUplinkIsALinkOfADefaultRouteWhateverItsMetric) {
  make_veth("v0", "2001:db8:1::1/64");
  make_veth("v1", "2001:db8:2::1/64");
  make_veth("v2", "2001:db8:3::1/64");
  ip("-6 route add default via 2001:db8:1::fe dev v0 metric 10");
  ip("-6 route add default via 2001:db8:2::fe dev v1 metric 4096");

  EXPECT_THAT(uplinks(picture_now()), ElementsAre("v0", "v1"));
}

TEST_F(NetworkSourceTest, ADefaultRouteNeedsNoGateway) {
  ip("tuntap add dev tailscale0 mode tun");
  ip("link set tailscale0 up");
  ip("-6 route add default dev tailscale0");

  const NetworkPicture picture = picture_now();
  EXPECT_THAT(uplinks(picture), ElementsAre("tailscale0"));
  EXPECT_FALSE(find_link(picture, "tailscale0")->has_ethernet);
}

TEST_F(NetworkSourceTest, EveryNextHopOfAMultipathDefaultIsAnUplink) {
  make_veth("v0", "2001:db8:1::1/64");
  make_veth("v1", "2001:db8:2::1/64");
  ip("-6 route add default nexthop via 2001:db8:1::fe dev v0 nexthop via 2001:db8:2::fe dev v1");

  EXPECT_THAT(uplinks(picture_now()), ElementsAre("v0", "v1"));
}

TEST_F(NetworkSourceTest, NextHopObjectsAreLookedUp) {
  make_veth("v0", "2001:db8:1::1/64");
  make_veth("v1", "2001:db8:2::1/64");
  ip("nexthop add id 1 via 2001:db8:1::fe dev v0");
  ip("nexthop add id 2 via 2001:db8:2::fe dev v1");
  ip("nexthop add id 10 group 1/2");
  ip("-6 route add default nhid 10");
  EXPECT_THAT(uplinks(picture_now()), ElementsAre("v0", "v1"));

  std::ofstream("/proc/sys/net/ipv4/nexthop_compat_mode") << "0";
  EXPECT_THAT(uplinks(picture_now()), ElementsAre("v0", "v1"));
}

TEST_F(NetworkSourceTest, ARouteToTheWholeOfTheInternetIsADefaultRouteByAnotherName) {
  make_veth("v0", "2001:db8:1::1/64");
  make_veth("v1", "2001:db8:2::1/64");
  make_veth("v2", "2001:db8:3::1/64");
  make_veth("v3", "2001:db8:4::1/64");
  ip("-6 route add 2000::/3 via 2001:db8:1::fe dev v0");
  ip("-6 route add ::/1 via 2001:db8:2::fe dev v1");
  ip("-6 route add 2000::/4 via 2001:db8:3::fe dev v2");
  ip("-6 route add 8000::/1 via 2001:db8:4::fe dev v3");

  EXPECT_THAT(uplinks(picture_now()), ElementsAre("v0", "v1"));
}

TEST_F(NetworkSourceTest, DefaultRoutesOfOtherTablesAndFamiliesAndUnreachableOnesMakeNoUplink) {
  make_veth("v0", "2001:db8:1::1/64");
  ip("address add 192.0.2.9/24 dev v0");
  ip("-6 route add default via 2001:db8:1::fe dev v0 table 100");
  ip("route add default via 192.0.2.1 dev v0");
  ip("-6 route add unreachable default metric 4278198272");

  EXPECT_THAT(uplinks(picture_now()), IsEmpty());
}

TEST_F(NetworkSourceTest, NamedUplinksAreTheOnlyOnesAndThoseNotThereAreMissing) {
  make_veth("v0", "2001:db8:1::1/64");
  make_veth("v1", "2001:db8:2::1/64");
  ip("-6 route add default via 2001:db8:1::fe dev v0");

  const NetworkPicture picture = picture_now({"v1", "wg9", "eth7"});
  EXPECT_THAT(uplinks(picture), ElementsAre("v1"));
  EXPECT_THAT(picture.missing_uplinks, ElementsAre("eth7", "wg9"));
}

TEST_F(NetworkSourceTest, ThePictureComesBeforeAnyChange) {
  make_veth("v0", "2001:db8:1::1/64");
  ip("-6 route add default via 2001:db8:1::fe dev v0");

  Watch watch;
  EXPECT_TRUE(watch.until_uplinks({"v0"}));
  EXPECT_EQ(watch.pictures, 1);
}

TEST_F(NetworkSourceTest, FollowsUplinksThatComeGoAndAreDeleted) {
  make_veth("v0", "2001:db8:1::1/64");
  Watch watch;
  ASSERT_TRUE(watch.until_uplinks({}));

  ip("-6 route add default via 2001:db8:1::fe dev v0");
  EXPECT_TRUE(watch.until_uplinks({"v0"}));
  make_veth("v1", "2001:db8:2::1/64");
  ip("-6 route add default via 2001:db8:2::fe dev v1 metric 5");
  EXPECT_TRUE(watch.until_uplinks({"v0", "v1"}));
  ip("-6 route del default via 2001:db8:1::fe dev v0");
  EXPECT_TRUE(watch.until_uplinks({"v1"}));
  ip("link del v1");
  EXPECT_TRUE(watch.until(
      [](const NetworkPicture& picture) { return uplinks(picture).empty() && find_link(picture, "v1") == nullptr; }));
}

TEST_F(NetworkSourceTest, AnUplinkMadeAgainUnderItsNameIsAnotherLink) {
  make_veth("v0", "2001:db8:1::1/64");
  ip("-6 route add default via 2001:db8:1::fe dev v0");
  Watch watch;
  ASSERT_TRUE(watch.until_uplinks({"v0"}));
  const int before = find_link(*watch.last, "v0")->index;

  ip("link del v0");
  make_veth("v0", "2001:db8:1::1/64");
  ip("-6 route add default via 2001:db8:1::fe dev v0");
  EXPECT_TRUE(watch.until([&](const NetworkPicture& picture) {
    const Link* link = find_link(picture, "v0");
    return link != nullptr && link->is_uplink && link->index != before;
  }));
}

TEST_F(NetworkSourceTest, FollowsRenames) {
  make_veth("v0", "2001:db8:1::1/64");
  Watch watch({"wan0"});
  ASSERT_TRUE(watch.until([](const NetworkPicture& picture) { return picture.missing_uplinks.size() == 1; }));

  ip("link set v0 down");
  ip("link set v0 name wan0");
  EXPECT_TRUE(watch.until_uplinks({"wan0"}));
  EXPECT_THAT(watch.last->missing_uplinks, IsEmpty());
}

TEST_F(NetworkSourceTest, FollowsANextHopObjectThatMovesToAnotherLink) {
  make_veth("v0", "2001:db8:1::1/64");
  make_veth("v1", "2001:db8:2::1/64");
  ip("nexthop add id 1 via 2001:db8:1::fe dev v0");
  ip("-6 route add default nhid 1");
  Watch watch;
  ASSERT_TRUE(watch.until_uplinks({"v0"}));

  ip("nexthop replace id 1 via 2001:db8:2::fe dev v1");
  EXPECT_TRUE(watch.until_uplinks({"v1"}));
}

TEST_F(NetworkSourceTest, FollowsAddresses) {
  make_veth("v0", "2001:db8:1::1/64");
  Watch watch;
  ASSERT_TRUE(watch.until_uplinks({}));

  ip("address add 2001:db8:1::2/64 dev v0 nodad");
  EXPECT_TRUE(watch.until([](const NetworkPicture& picture) { return addresses(picture, "v0").size() == 2; }));
  ip("address del 2001:db8:1::1/64 dev v0");
  EXPECT_TRUE(watch.until([](const NetworkPicture& picture) {
    return addresses(picture, "v0") == std::vector<std::string>{"2001:db8:1::2 in 2001:db8:1::/64"};
  }));
}

TEST_F(NetworkSourceTest, ABurstIsOnePictureAndWhatChangesNothingIsNone) {
  make_veth("v0", "2001:db8:1::1/64");
  Watch watch;
  ASSERT_TRUE(watch.until_uplinks({}));

  for (int i = 2; i < 12; ++i) ip("address add 2001:db8:1::" + std::to_string(i) + "/64 dev v0 nodad");
  EXPECT_TRUE(watch.until([](const NetworkPicture& picture) { return addresses(picture, "v0").size() == 11; }));
  EXPECT_EQ(watch.pictures, 2);
  ip("-6 route add 2001:db8:77::1/128 dev v0");
  ip("address add 2001:db8:9::9/64 dev v0 nodad");
  ip("address del 2001:db8:9::9/64 dev v0");
  watch.let_pass(300ms);
  EXPECT_EQ(watch.pictures, 2);
}

// More messages than the socket holds, sent while nobody reads: the kernel drops the rest, the default route's too, and
// says ENOBUFS. What did get through (routes to pods) changes nothing.
TEST_F(NetworkSourceTest, LostMessagesMakeANewDumpNotAStalePicture) {
  make_veth("v0", "2001:db8:1::1/64");
  Watch watch;
  ASSERT_TRUE(watch.until_uplinks({}));

  ip_batch([](std::ostream& batch) {
    for (int i = 0; i < 1000; ++i) batch << "route add 2001:db8:77::" << i << "/128 dev v0\n";
  });
  ip("-6 route add default via 2001:db8:1::fe dev v0");

  EXPECT_TRUE(watch.until_uplinks({"v0"})) << (watch.ended && !*watch.ended ? watch.ended->error().what : "runs on");
}

}  // namespace
}  // namespace sextant::net
