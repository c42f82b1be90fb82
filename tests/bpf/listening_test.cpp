#include "agent/datapath/listening.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "agent/datapath/events.h"
#include "tests/bpf/sandbox.h"

namespace sextant::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view kUid = "1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e";
constexpr int kMptcp = 262;
constexpr int kSctpProtocol = 132;

class ListeningTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const auto root = datapath::find_cgroup2();
    if (!root) GTEST_SKIP() << root.error().what;
    root_ = *root;
    cgroups_.emplace(root_);
    load({});
  }

  void load(const datapath::Listening::Config& config) {
    listening_.reset();
    events_.emplace(datapath::Events::create(4096, {.row = [](const row_key&) {},
                                                    .stray = [](const stray_key&) {},
                                                    .sockets =
                                                        [this] {
                                                          ++asked_;
                                                          if (listening_) listening_->sockets_changed();
                                                        }})
                        .value());
    const auto lend = [this](bpf_object& object) { return events_->lend_to(object); };
    auto loaded = datapath::Listening::load(
        config, lend, *cgroups_,
        {.picture = [this](const ListenerPicture& picture) { pictures_.push_back(picture); }, .status = [] {}});
    ASSERT_TRUE(loaded) << loaded.error().what;
    listening_.emplace(std::move(*loaded));
  }

  // The listeners on a port, of all network namespaces.
  std::vector<Listener> on_port(std::uint16_t port) {
    auto picture = listening_->look();
    EXPECT_TRUE(picture) << picture.error().what;
    return picture ? on_port(*picture, port) : std::vector<Listener>{};
  }
  static std::vector<Listener> on_port(const ListenerPicture& picture, std::uint16_t port) {
    std::vector<Listener> found;
    std::ranges::copy_if(picture.listeners, std::back_inserter(found),
                         [&](const Listener& listener) { return listener.port == port; });
    return found;
  }

  std::string pod_cgroup() const {
    return "/sextant-listening-" + std::to_string(::getpid()) + "/kubepods/burstable/pod" + std::string(kUid) + "/c1";
  }

  std::string root_{};
  std::optional<datapath::Cgroups> cgroups_{};
  std::optional<datapath::Events> events_{};
  std::optional<datapath::Listening> listening_{};
  std::vector<ListenerPicture> pictures_{};
  int asked_ = 0;
};

TEST_F(ListeningTest, FindsAPodsSocketInItsNamespaceByItsCgroup) {
  const TestCgroup cgroup(root_, pod_cgroup());
  const Netns netns;
  const Child pod([&] {
    cgroup.join();
    if (::setns(netns.fd(), CLONE_NEWNET) != 0) fail("setns");
    ::prctl(PR_SET_NAME, "postgres");
    bound_socket(SOCK_STREAM, "::", 54321).release();
  });
  const auto found = on_port(54321);
  ASSERT_EQ(found.size(), 1U);
  const Listener& listener = found.front();
  EXPECT_EQ(listener.protocol, Protocol::kTcp);
  EXPECT_TRUE(listener.address.is_unspecified());
  EXPECT_FALSE(listener.v6_only);
  EXPECT_FALSE(listener.v4_only);
  EXPECT_EQ(listener.netns, netns.inode());
  EXPECT_FALSE(listener.host_netns);
  EXPECT_EQ(listener.process, "postgres");
  EXPECT_EQ(listener.pid, static_cast<std::uint32_t>(pod.pid()));
  EXPECT_EQ(listener.cgroup, cgroup.path());
  EXPECT_EQ(listener.pod_uid, std::string(kUid));
}

TEST_F(ListeningTest, AttributesAPodOnTheHostsNetworkByItsCgroup) {
  const TestCgroup cgroup(root_, pod_cgroup());
  const Child pod([&] {
    cgroup.join();
    bound_socket(SOCK_STREAM, "::1", 54322).release();
  });
  const auto found = on_port(54322);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found.front().host_netns);
  EXPECT_EQ(found.front().address.to_string(), "::1");
  EXPECT_EQ(found.front().pod_uid, std::string(kUid));
}

TEST_F(ListeningTest, AProcessOfTheHostIsNoPods) {
  const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  const auto found = on_port(port_of(socket));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(found.front().pod_uid, std::nullopt);
}

TEST_F(ListeningTest, SeesUnconnectedUdpAndNoConnected) {
  const auto server = bound_socket(SOCK_DGRAM, "::1", 0);
  const auto client = bound_socket(SOCK_DGRAM, "::1", 0);
  const auto to = socket_address("::1", port_of(server));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  ASSERT_EQ(on_port(port_of(server)).size(), 1U);
  EXPECT_EQ(on_port(port_of(server)).front().protocol, Protocol::kUdp);
  EXPECT_TRUE(on_port(port_of(client)).empty());
}

TEST_F(ListeningTest, SeesNoSocketThatOnlyConnects) {
  const auto server = bound_socket(SOCK_STREAM, "::1", 0);
  const UniqueFd client(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to = socket_address("::1", port_of(server));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  EXPECT_TRUE(on_port(port_of(client)).empty());
}

TEST_F(ListeningTest, TellsV4AndV6OnlySocketsApart) {
  const Netns netns;
  UniqueFd v4, v6;
  netns.in([&] {
    v4 = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_port = htons(54323);
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(v4.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
    ASSERT_EQ(::listen(v4.get(), 1), 0);
    v6 = UniqueFd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(v6.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    const auto any = socket_address("::", 54323);
    ASSERT_EQ(::bind(v6.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  });
  const auto found = on_port(54323);  // sorted by protocol
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].v4_only);
  EXPECT_EQ(found[0].address.to_string(), "127.0.0.1");
  EXPECT_TRUE(found[1].v6_only);
  EXPECT_FALSE(found[1].v4_only);
}

TEST_F(ListeningTest, SeesAnMptcpSocketOnceAndAsTcp) {
  const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, kMptcp));
  if (!probe) GTEST_SKIP() << "no MPTCP here";
  const auto socket = bound_socket(SOCK_STREAM, "::1", 0, kMptcp);
  const auto found = on_port(port_of(socket));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().protocol, Protocol::kTcp);
  EXPECT_EQ(found.front().pid, static_cast<std::uint32_t>(::getpid()));
}

TEST_F(ListeningTest, SeesSctp) {
  const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, kSctpProtocol));
  if (!probe) GTEST_SKIP() << "no SCTP in this kernel";
  const auto socket = bound_socket(SOCK_STREAM, "::1", 0, kSctpProtocol);
  const auto found = on_port(port_of(socket));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().protocol, Protocol::kSctp);
}

TEST_F(ListeningTest, FindsTheKernelsOwnSockets) {
  const Netns netns;
  netns.in([&] {  // the witness looks at the network namespace that it runs in
    if (std::system("ip link add vx type vxlan id 7 dstport 54324 local ::1 udp6zerocsumrx && ip link set vx up") != 0)
      GTEST_SKIP() << "no VXLAN here";
    load({});
    const auto found = on_port(54324);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().protocol, Protocol::kUdp);
    EXPECT_EQ(found.front().pid, 0U);
    EXPECT_EQ(found.front().process, "kernel");
    EXPECT_TRUE(found.front().host_netns);
  });
}

TEST_F(ListeningTest, ASharedSocketIsNamedAfterItsFirstProcess) {
  const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  const Child worker([&] { static_cast<void>(socket); });  // inherits the descriptor
  const auto found = on_port(port_of(socket));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().pid, static_cast<std::uint32_t>(std::min(::getpid(), worker.pid())));
}

TEST_F(ListeningTest, SocketsThatSharePortAndProcessAreOneListener) {
  const auto reusable = [](std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    const auto local = socket_address("::1", port);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
    return fd;
  };
  const auto first = reusable(0);
  const auto second = reusable(port_of(first));
  EXPECT_EQ(on_port(port_of(first)).size(), 1U);
}

TEST_F(ListeningTest, OneSocketTooManyIsCountedAsLost) {
  const auto all = listening_->look();
  ASSERT_TRUE(all);
  const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  load({.max_listeners = 1});
  const auto other = bound_socket(SOCK_STREAM, "::1", 0);
  const auto picture = listening_->look();
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->listeners.size(), 1U);
  EXPECT_GE(listening_->status().lost, 1U);
}

TEST_F(ListeningTest, AsksOnceUntilLookedAt) {
  {
    const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  }
  {
    const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  }
  ASSERT_TRUE(events_->drain());
  EXPECT_EQ(asked_, 1);
  ASSERT_TRUE(listening_->look());
  {
    const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  }
  ASSERT_TRUE(events_->drain());
  EXPECT_EQ(asked_, 2);
}

// The witness and the events on one loop, as in the daemon.
class ListeningLoopTest : public ListeningTest {
 protected:
  void start() {
    asio::co_spawn(loop_, events_->run(), asio::bind_cancellation_slot(stop_events_.slot(), [this](auto, auto result) {
                     ended_ += result.has_value();
                   }));
    asio::co_spawn(
        loop_, listening_->run(),
        asio::bind_cancellation_slot(stop_looks_.slot(), [this](auto, auto result) { ended_ += result.has_value(); }));
  }
  template <class Condition>
  bool run_until(Condition condition, std::chrono::milliseconds limit = 3s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end) loop_.run_for(5ms);
    return condition();
  }
  void stop() {
    stop_events_.emit(asio::cancellation_type::terminal);
    stop_looks_.emit(asio::cancellation_type::terminal);
    loop_.run_for(100ms);
  }
  void TearDown() override { stop(); }

  asio::io_context loop_{};
  asio::cancellation_signal stop_events_{};
  asio::cancellation_signal stop_looks_{};
  int ended_ = 0;
};

TEST_F(ListeningLoopTest, LooksAgainWhenASocketBeginsToListen) {
  load({.poll = 10min, .min_gap = 50ms});
  start();
  ASSERT_TRUE(run_until([&] { return pictures_.size() == 1; }));
  const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
  const auto port = port_of(socket);
  EXPECT_TRUE(run_until([&] { return !on_port(pictures_.back(), port).empty(); }));
  EXPECT_EQ(listening_->status().state, WitnessState::kSees);
}

TEST_F(ListeningLoopTest, LooksNoOftenerThanItsGap) {
  load({.poll = 10min, .min_gap = 200ms});
  start();
  const auto begin = std::chrono::steady_clock::now();
  run_until(
      [] {
        const auto socket = bound_socket(SOCK_STREAM, "::1", 0);
        return false;
      },
      700ms);
  const auto gaps = (std::chrono::steady_clock::now() - begin) / 200ms;
  EXPECT_LE(static_cast<long>(pictures_.size()), gaps + 1);
  EXPECT_GE(pictures_.size(), 2U);
}

TEST_F(ListeningLoopTest, LooksWithoutBeingAsked) {
  load({.poll = 60ms, .min_gap = 10ms});
  start();
  const auto socket = bound_socket(SOCK_DGRAM, "::1", 0);  // UDP announces nothing
  const auto port = port_of(socket);
  EXPECT_TRUE(run_until([&] { return !pictures_.empty() && !on_port(pictures_.back(), port).empty(); }));
}

TEST_F(ListeningLoopTest, BeingCancelledIsSuccess) {
  load({.poll = 10min, .min_gap = 50ms});
  start();
  ASSERT_TRUE(run_until([&] { return pictures_.size() == 1; }));
  stop();
  EXPECT_EQ(ended_, 2);
}

}  // namespace
}  // namespace sextant::test
