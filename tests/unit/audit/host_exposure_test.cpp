// SXT008, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/base/document.h"
#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct HostExposure : Watch, ::testing::Test {
  HostExposure() { started(); }
  std::vector<FindingChange> listen(std::vector<Listener> listeners) {
    auditor->on_listeners({.taken = now, .listeners = std::move(listeners)}, now);
    return settle();
  }
};

TEST_F(HostExposure, IsASocketOfTheNodeThatNobodyMeantForTheInternet) {
  const auto changes = listen({host_listener(Protocol::kTcp, 9100, "node_exporter")});
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT008");
  EXPECT_EQ(f.severity, Severity::kCritical);
  EXPECT_EQ(f.endpoint.ref, node_ref());
  EXPECT_EQ(f.protocol, Protocol::kTcp);
  EXPECT_EQ(f.port, 9100);
  EXPECT_EQ(f.message,
            "node/n1 9100/TCP (node_exporter) can be reached from the internet, and no policy says that it should be");
  EXPECT_EQ(f.evidence.at(0), (Evidence{Witness::kIntended, Verdict::kAllow, "not enforced"}));
  EXPECT_EQ(f.evidence.at(1).verdict, std::nullopt);
  EXPECT_EQ(f.evidence.at(2).detail, "node_exporter (pid 100) listens on every address");
}

TEST_F(HostExposure, IsNoSocketOfAProcessThatHearsNobodyOnTheInternet) {
  config.bounded_pid = 100;
  started();
  Listener other = host_listener(Protocol::kTcp, 9100, "node_exporter");
  other.pid = 101;
  listen({host_listener(Protocol::kTcp, 9713, "sextantd"), other});
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open().at(0).port, 9100);
}

TEST_F(HostExposure, NamesExactlyWhoGetsIn) {
  set(node_ref(), {{kWorld, open_by_default()}, {kOffice, closed(cnp("host"))}}, {});
  auditor->on_intent(now);
  listen({host_listener(Protocol::kTcp, 9100, "node_exporter")});
  const SourceDetail from = *open().at(0).source;
  EXPECT_EQ(from.source_class, "world");
  EXPECT_THAT(from.prefixes, ElementsAre(prefix("2000::/3")));
  EXPECT_THAT(from.except, ElementsAre(prefix("2001:db8:1::/48"), prefix("2001:db8:100::/48")));
}

TEST_F(HostExposure, NamesThePodThatTheProcessIsOf) {
  Listener of_pod = host_listener(Protocol::kTcp, 9100, "node_exporter");
  of_pod.pod_uid = kWebUid;
  Listener of_nobody = host_listener(Protocol::kTcp, 9101, "x");
  of_nobody.pod_uid = "gone";
  listen({of_pod, of_nobody});
  EXPECT_THAT(open().at(0).evidence.at(2).detail, HasSubstr("of pod shop/web"));
  EXPECT_THAT(open().at(1).evidence.at(2).detail, HasSubstr("of pod uid gone"));
}

TEST_F(HostExposure, IsOneFindingForAllSocketsOfAPort) {
  listen({host_listener(Protocol::kTcp, 22, "sshd"), host_listener(Protocol::kTcp, 22, "sshd", "2001:db8:9::1")});
  EXPECT_THAT(open(), SizeIs(1));
}

TEST_F(HostExposure, OffersAPolicyThatParses) {
  listen({host_listener(Protocol::kUdp, 161, "snmpd")});
  const auto documents = parse_yaml(open().at(0).fix);
  ASSERT_TRUE(documents.has_value()) << documents.error().what;
  EXPECT_EQ(documents->at(0).string_at("kind"), "CiliumClusterwideNetworkPolicy");
}

TEST_F(HostExposure, IsNotASocketThatTheInternetCannotReach) {
  Listener v4 = host_listener(Protocol::kTcp, 1001, "v4", "0.0.0.0");
  v4.v4_only = true;
  EXPECT_THAT(listen({host_listener(Protocol::kTcp, 1000, "local", "::1"), v4,
                      host_listener(Protocol::kTcp, 1002, "link", "fe80::1"),
                      host_listener(Protocol::kTcp, 1003, "ula", "fd00::1"),
                      host_listener(Protocol::kTcp, 1004, "v4", "127.0.0.1"),
                      pod_listener(kDbUid, Protocol::kTcp, 5432, "postgres")}),
              IsEmpty());
}

TEST_F(HostExposure, AnUnspecifiedAddressIsNoExposureOnANodeWithoutPublicAddresses) {
  world.apply(Object(Node{.name = "n1", .addresses = {ip("fd00::1")}}));
  world.apply(NetworkPicture{.links = {Link{.index = 1, .name = "eth0"}}});
  EXPECT_THAT(listen({host_listener(Protocol::kTcp, 9100, "node_exporter")}), IsEmpty());
}

TEST_F(HostExposure, UdpInTheEphemeralRangeIsLikelyAClient) {
  EXPECT_THAT(
      listen({host_listener(Protocol::kUdp, 32768, "chronyd"), host_listener(Protocol::kUdp, 60999, "chronyd")}),
      IsEmpty());
  EXPECT_THAT(opened(listen({host_listener(Protocol::kUdp, 32767, "a"), host_listener(Protocol::kUdp, 61000, "b"),
                             host_listener(Protocol::kTcp, 40000, "c")})),
              SizeIs(3));
}

TEST_F(HostExposure, IsNotWhatARuleAllowsNorWhatIsDeniedNorUnknown) {
  for (const auto& cells :
       {only_tcp(9100, cnp("host")), closed(cnp("host")), everything(Verdict::kUnknown, Because::kUnknown)}) {
    set(node_ref(), cells, {cnp("host")});
    auditor->on_intent(now);
    EXPECT_THAT(listen({host_listener(Protocol::kTcp, 9100, "node_exporter")}), IsEmpty());
  }
}

TEST_F(HostExposure, IsNotWhereTheWorldsPacketsAreSeenToBeDropped) {
  const RowObservation seen = row(node_ref(), 9100, kWorld, Verdict::kAllow, kStart);
  const RowObservation office = row(node_ref(), 9100, kOffice, Verdict::kAllow, kStart);
  auditor->on_row(dropped(seen, 1, now), now);
  auditor->on_row(dropped(office, 1, now), now);
  EXPECT_THAT(listen({host_listener(Protocol::kTcp, 9100, "node_exporter")}), IsEmpty());
  now += seconds(1);
  auditor->on_row(delivered(dropped(seen, 1, kStart), 1, now), now);
  EXPECT_THAT(opened(settle()), SizeIs(1));
  EXPECT_THAT(open().at(0).source->prefixes, ElementsAre(prefix("2000::/3")));
}

TEST_F(HostExposure, APacketThatFoundNoSocketOrAFullBacklogIsNoWall) {
  auditor->on_row(dropped(row(node_ref(), 9100, kWorld, Verdict::kAllow, now), 1, now, "NO_SOCKET"), now);
  auditor->on_row(dropped(row(node_ref(), 9100, kOffice, Verdict::kAllow, now), 1, now, "TCP_LISTEN_OVERFLOW"), now);
  EXPECT_THAT(opened(listen({host_listener(Protocol::kTcp, 9100, "node_exporter")})), SizeIs(1));
}

TEST_F(HostExposure, ResolvesWhenItIsSeenToBeClosed) {
  listen({host_listener(Protocol::kTcp, 9100, "node_exporter")});
  now += seconds(1);
  auditor->on_rows({dropped(row(node_ref(), 9100, kWorld, Verdict::kAllow, now), 1, now),
                    dropped(row(node_ref(), 9100, kOffice, Verdict::kAllow, now), 1, now)},
                   now);
  const auto changes = settle();
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "packets to the port are dropped (NETFILTER_DROP)");
}

TEST_F(HostExposure, ResolvesWhenNothingListensAnyMore) {
  listen({host_listener(Protocol::kTcp, 9100, "node_exporter")});
  const auto changes = listen({});
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "nothing listens there any more");
}

TEST_F(HostExposure, ResolvesWhenAPolicyDecides) {
  listen({host_listener(Protocol::kTcp, 9100, "node_exporter")});
  set(node_ref(), only_tcp(9100, cnp("host")), {cnp("host")});
  auditor->on_intent(now);
  const auto changes = settle();
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.resolution, "a policy decides about the port now");
}

TEST_F(HostExposure, DeliveredAgainstADenyIsUnintendedDeliveryToTheNode) {
  set(node_ref(), closed(cnp("host")), {cnp("host")});
  start();
  look();
  listen({host_listener(Protocol::kTcp, 9100, "node_exporter")});
  auditor->on_row(delivered(row(node_ref(), 9100, kWorld, Verdict::kDeny, now), 1, now), now);
  settle();
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open().at(0).code, "SXT001");
  EXPECT_EQ(open().at(0).endpoint.ref, node_ref());
}

}  // namespace
}  // namespace sextant::audit::testing
