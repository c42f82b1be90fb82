#include "agent/policy/ports.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::yaml;

std::vector<PortRule> to_ports(std::string_view text, Report& report, Release release = kNewestRelease) {
  const Document document = yaml(text);
  return read_to_ports(document, Path("toPorts"), {.release = release}, report);
}

// The only port of "[{ports: [{...}]}]".
PortItem port(std::string_view item, Release release = kNewestRelease) {
  Report report;
  const auto rules = to_ports("[{ports: [" + std::string(item) + "]}]", report, release);
  EXPECT_FALSE(report.rejected()) << *report.rejection();
  return rules.at(0).ports.at(0);
}

bool rejected(std::string_view item, Release release = kNewestRelease) {
  Report report;
  to_ports("[{ports: [" + std::string(item) + "]}]", report, release);
  return report.rejected();
}

std::string list(std::string_view item, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += std::string(i == 0 ? "" : ", ") + std::string(item);
  return text;
}

TEST(ServiceName, HasALetterAndAtMost15Characters) {
  for (const auto* name : {"http", "a", "1a", "http-alt", "HTTP", "abcdefghijklmno"}) {
    EXPECT_TRUE(is_service_name(name)) << name;
  }
  for (const auto* name : {"", "80", "-http", "http-", "a--b", "a_b", "abcdefghijklmnop", "8-0"}) {
    EXPECT_FALSE(is_service_name(name)) << name;
  }
}

TEST(ToPorts, ReadNumbersNamesAndRanges) {
  EXPECT_EQ(port("{port: '443', protocol: TCP}").port, 443);
  EXPECT_EQ(port("{port: '443'}").protocol, Protocol::kAny);
  EXPECT_EQ(port("{port: '443', protocol: udp}").protocol, Protocol::kUdp);
  EXPECT_EQ(port("{port: HTTP}").name, "http");
  EXPECT_EQ(port("{port: '1000', endPort: 2000}").end_port, 2000);
}

TEST(ToPorts, ReadNumbersInGosBases) {
  EXPECT_EQ(port("{port: '010'}").port, 8);
  EXPECT_EQ(port("{port: '1_0'}").port, 10);
  EXPECT_EQ(port("{port: '0x50'}").name, "0x50");  // with a letter it is a name first
  EXPECT_EQ(port("{port: '010'}", Release::k1_19_3).merge_key, 10);
  EXPECT_EQ(port("{port: '010'}", Release::k1_20_2).merge_key, 8);
}

TEST(ToPorts, RefuseWhatIsNoPort) {
  for (const auto* item : {"{}", "{port: ''}", "{port: 80}", "{port: '65536'}", "{port: '-1'}", "{port: '80,81'}",
                           "{port: '80', protocol: ICMP}", "{port: '80', endPort: '90'}"}) {
    EXPECT_TRUE(rejected(item)) << item;
  }
  EXPECT_FALSE(rejected("{port: '65535'}"));
}

TEST(ToPorts, Take40PortsAndNot41) {
  Report report;
  to_ports("[{ports: [" + list("{port: '80'}", 40) + "]}]", report);
  EXPECT_FALSE(report.rejected());
  to_ports("[{ports: [" + list("{port: '80'}", 41) + "]}]", report);
  EXPECT_TRUE(report.rejected());
}

TEST(ToPorts, KnowMoreProtocolsInLaterReleases) {
  EXPECT_TRUE(rejected("{port: '0', protocol: VRRP}", Release::k1_18_6));
  EXPECT_FALSE(rejected("{port: '0', protocol: VRRP}", Release::k1_19_3));
  EXPECT_TRUE(rejected("{port: '0', protocol: GRE}", Release::k1_19_3));
  EXPECT_FALSE(rejected("{port: '0', protocol: GRE}", Release::k1_20_2));
  EXPECT_TRUE(rejected("{port: '1', protocol: GRE}", Release::k1_20_2));
}

TEST(Icmps, ReadNamesAndNumbersOfBothFamilies) {
  const Document document = yaml(
      "[{fields: [{type: 8}, {type: EchoRequest, family: IPv6}, {type: '135', family: IPv6}, {type: EchoRequest}]}]");
  Report report;
  const auto rules = read_icmps(document, Path("icmps"), kNewestRelease, report);
  ASSERT_FALSE(report.rejected()) << *report.rejection();
  const auto& fields = rules.at(0).ports;
  EXPECT_EQ(fields[0].protocol, Protocol::kIcmp);
  EXPECT_EQ(fields[1].protocol, Protocol::kIcmpv6);
  EXPECT_EQ(fields[1].port, 128);
  EXPECT_EQ(fields[2].port, 135);
  EXPECT_EQ(fields[3].port, 8);
}

TEST(Icmps, RefuseWhatIsNoType) {
  for (const auto* field : {"{}", "{type: Nonsense}", "{type: PacketTooBig}", "{type: '00'}", "{type: [8]}",
                            "{type: 8, family: IPv5}", "{type: '2147483648'}"}) {
    const Document document = yaml("[{fields: [" + std::string(field) + "]}]");
    Report report;
    read_icmps(document, Path("icmps"), kNewestRelease, report);
    EXPECT_TRUE(report.rejected()) << field;
  }
}

TEST(Icmps, Take40TypesAndNot41) {
  for (const auto& [count, refused] : {std::pair{40, false}, std::pair{41, true}}) {
    const Document document = yaml("[{fields: [" + list("{type: 8}", static_cast<std::size_t>(count)) + "]}]");
    Report report;
    read_icmps(document, Path("icmps"), kNewestRelease, report);
    EXPECT_EQ(report.rejected(), refused) << count;
  }
}

TEST(NetworkPolicyPorts, AreTcpUnlessTheySayOtherwise) {
  const Document document = yaml("[{port: 80}, {}, {port: 53, protocol: UDP}, {port: Web}]");
  Report report;
  const auto rules = read_network_policy_ports(document, Path("ports"), Release::k1_20_2, report);
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0].ports[0].protocol, Protocol::kTcp);
  EXPECT_EQ(rules[1].ports[0].port, 0);
  EXPECT_EQ(rules[2].ports[0].protocol, Protocol::kUdp);
  EXPECT_EQ(rules[3].ports[0].name, "Web");  // lower case only where the rule passes Cilium's own validation
  const auto validated = read_network_policy_ports(document, Path("ports"), Release::k1_18_6, report);
  EXPECT_EQ(validated[3].ports[0].name, "web");
}

TEST(ClusterNetworkPolicyProtocols, HaveNumbersAndRanges) {
  const Document document = yaml(
      "[{tcp: {destinationPort: {number: 443}}}, {udp: {destinationPort: {range: {start: 10, end: 20}}}}, {sctp: {}},"
      " {destinationNamedPort: web}]");
  Report report;
  const auto rules = read_protocols(document, Path("protocols"), report);
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0].ports[0].port, 443);
  EXPECT_EQ(rules[1].ports[0].end_port, 20);
  EXPECT_EQ(rules[2].ports[0].protocol, Protocol::kSctp);
  EXPECT_EQ(rules[3].ports[0].name, "web");
}

}  // namespace
}  // namespace sextant::policy
