#include "agent/audit/listening_ports.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

TEST(HearsOutside, IsEveryAddressThatAPacketFromAnotherHostCanArriveAt) {
  const auto hears = [](const char* address, bool v4_only = false) {
    Listener made = listener(Protocol::kTcp, 80, "x", address);
    made.v4_only = v4_only;
    return hears_outside(made);
  };
  EXPECT_TRUE(hears("::"));
  EXPECT_TRUE(hears("2001:db8::1"));
  EXPECT_TRUE(hears("fd00::1"));
  EXPECT_FALSE(hears("::1"));
  EXPECT_FALSE(hears("fe80::1"));
  EXPECT_FALSE(hears("ff02::fb"));
  EXPECT_FALSE(hears("0.0.0.0", true));
  EXPECT_FALSE(hears("127.0.0.1"));
  EXPECT_FALSE(hears("10.0.0.1"));
}

TEST(ListeningPorts, BelongToThePodByUidOrToTheNode) {
  ListeningPorts ports;
  EXPECT_FALSE(ports.known());
  ports.replace({.taken = kStart,
                 .listeners = {pod_listener(kDbUid, Protocol::kTcp, 5432, "postgres"),
                               host_listener(Protocol::kTcp, 22, "sshd"), listener(Protocol::kTcp, 99, "elsewhere")}});
  EXPECT_TRUE(ports.known());
  EXPECT_EQ(ports.of_pod(kDbUid).size(), 1u);
  EXPECT_EQ(ports.of_pod(kDbUid).at({Protocol::kTcp, 5432}).process, "postgres");
  EXPECT_TRUE(ports.of_pod(kWebUid).empty());
  EXPECT_EQ(ports.of_node().size(), 1u);
}

TEST(ListeningPorts, OfAHostNetworkPodAreTheNodes) {
  Listener of_pod = host_listener(Protocol::kTcp, 9100, "node_exporter");
  of_pod.pod_uid = kWebUid;
  ListeningPorts ports;
  ports.replace({.taken = kStart, .listeners = {of_pod}});
  EXPECT_TRUE(ports.of_pod(kWebUid).empty());
  EXPECT_EQ(ports.of_node().size(), 1u);
}

TEST(ListeningPorts, SharedByProcessesNameTheOldest) {
  Listener young = host_listener(Protocol::kTcp, 80, "young");
  Listener old = host_listener(Protocol::kTcp, 80, "old");
  young.pid = 300;
  old.pid = 200;
  ListeningPorts ports;
  ports.replace({.taken = kStart, .listeners = {young, old}});
  EXPECT_EQ(ports.of_node().at({Protocol::kTcp, 80}).process, "old");
  EXPECT_EQ(ports.node_sockets().at({Protocol::kTcp, 80}).size(), 2u);
}

}  // namespace
}  // namespace sextant::audit::testing
