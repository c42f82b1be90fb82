// Delivery, seen at real sockets: who received, and what is an answer.
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "agent/datapath/delivery.h"
#include "tests/bpf/sandbox.h"
#include "tests/bpf/witness_fixture.h"

namespace sextant::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kUid = "1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e";

// The internet and a pod, in a cgroup as a kubelet makes it. The programs are attached to a cgroup of the test's own,
// so that other traffic of this machine is not seen.
class DeliverySocketTest : public WitnessTest {
 protected:
  void SetUp() override {
    WitnessTest::SetUp();
    if (IsSkipped()) return;
    const auto root = datapath::find_cgroup2();
    if (!root) GTEST_SKIP() << root.error().what;
    const std::string top = "/sextant-delivery-" + std::to_string(::getpid());
    top_.emplace(*root, top);
    pod_.emplace(*root, top + "/kubepods/pod" + std::string(kUid) + "/c1");
    wire_.emplace(kPublic, kEndpoint);
    make_maps();
    set_intent(example_intent(kEndpoint));
    auto delivery = datapath::Delivery::load({.cgroup = top_->directory(), .event_interval = 10s}, lend());
    ASSERT_TRUE(delivery) << delivery.error().what;
    delivery_.emplace(std::move(*delivery));
    ASSERT_TRUE(delivery_->attach());
  }
  void TearDown() override {
    delivery_.reset();
    wire_.reset();
    pod_.reset();
    top_.reset();
  }

  // Runs `body` as a process of the pod.
  Child in_pod(const std::function<void()>& body) {
    return Child([&] {
      pod_->join();
      if (::setns(wire_->near.fd(), CLONE_NEWNET) != 0) fail("setns");
      body();
    });
  }

  std::optional<TestCgroup> top_{};
  std::optional<TestCgroup> pod_{};
  std::optional<Wire> wire_{};
  std::optional<datapath::Delivery> delivery_{};
};

TEST_F(DeliverySocketTest, AConnectionIsOneDeliveryToThePodsCgroup) {
  const auto pod = in_pod([] { bound_socket(SOCK_STREAM, "::", 5432).release(); });
  wire_->far.in([] {
    EXPECT_EQ(try_connect(kEndpoint, 5432), 0);
    EXPECT_EQ(try_connect(kEndpoint, 5432), 0);
  });
  EXPECT_EQ(told(), 1U);
  const auto delivered = row(Protocol::kTcp, 5432);
  EXPECT_EQ(delivered.delivered, 2U);
  EXPECT_EQ(delivered.intended, Verdict::kDeny);
  EXPECT_EQ(delivered.cgroup, pod_->path());
  EXPECT_EQ(delivered.pod_uid, std::string(kUid));
}

TEST_F(DeliverySocketTest, AClosedPortIsNoDelivery) {
  wire_->far.in([] { EXPECT_EQ(try_connect(kEndpoint, 5432), ECONNREFUSED); });
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeliverySocketTest, DatagramsToAServerAreDeliveries) {
  const auto pod = in_pod([] { bound_socket(SOCK_DGRAM, "::", 53).release(); });
  wire_->far.in([] {
    const auto client = bound_socket(SOCK_DGRAM, kPublic, 0);
    for (int i = 0; i < 3; ++i) send_datagram(client, kEndpoint, 53);
  });
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(row(Protocol::kUdp, 53).delivered, 3U);
}

TEST_F(DeliverySocketTest, AnswersToAClientAreNoDeliveries) {
  UniqueFd server;
  wire_->far.in([&] { server = bound_socket(SOCK_DGRAM, kPublic, 53); });
  for (const bool connected : {false, true}) {
    const auto pod = in_pod([&] {
      const auto client = bound_socket(SOCK_DGRAM, kEndpoint, 40000);
      const auto to = socket_address(kPublic, 53);
      if (connected && ::connect(client.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
      send_datagram(client, kPublic, 53);
      if (!receives(server)) fail("the server got nothing");
      send_datagram(server, kEndpoint, 40000);
      if (!receives(client)) fail("the client got no answer");
    });
  }
  EXPECT_EQ(told(), 0U);
  EXPECT_TRUE(rows().empty());
}

TEST_F(DeliverySocketTest, ASocketAtAnAddressThatNobodyDescribesIsAStray) {
  wire_->near.run("ip address add 2001:db8:1::99/128 dev eth0 nodad");
  const auto pod = in_pod([] { bound_socket(SOCK_STREAM, "::", 22).release(); });
  wire_->far.in([] { EXPECT_EQ(try_connect("2001:db8:1::99", 22), 0); });
  told();
  ASSERT_EQ(told_strays_.size(), 1U);
  const auto stray = rows_->find(told_strays_.front(), names());
  ASSERT_TRUE(stray);
  EXPECT_EQ(stray->address.to_string(), "2001:db8:1::99");
  EXPECT_EQ(stray->port, 22);
  EXPECT_EQ(stray->cgroup, pod_->path());
  EXPECT_EQ(stray->pod_uid, std::string(kUid));
}

TEST_F(DeliverySocketTest, ItsEndLeavesNothingAttached) {
  delivery_.reset();
  const auto pod = in_pod([] { bound_socket(SOCK_STREAM, "::", 5432).release(); });
  wire_->far.in([] { EXPECT_EQ(try_connect(kEndpoint, 5432), 0); });
  EXPECT_EQ(told(), 0U);
  EXPECT_TRUE(rows().empty());
}

}  // namespace
}  // namespace sextant::test
