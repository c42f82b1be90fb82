#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "agent/datapath/packet_bench.h"
#include "agent/datapath/packet_builder.h"

namespace sextant::datapath {
namespace {

using packets::Bytes;
using packets::ethernet;
using packets::PacketBuilder;

constexpr const char* kWorld = "2600:1::7";
constexpr const char* kPod = "2001:db8:be:c::5";  // no node of a test has it: packets may be sent in earnest
constexpr const char* kElsewhere = "2001:db8:bf::9";
constexpr std::uint16_t kFirstPod = 5;
constexpr std::uint16_t kClientPort = 40'000;
constexpr std::uint16_t kFirstOwnPort = 8'000;  // each pod has one
constexpr ClassId kLocalClass = 1, kWorldClass = 2, kListedClass = 3;
constexpr std::uint64_t kListedHigh = 0x2a00'0000'0000'0000;  // 2a00::/12
constexpr std::uint64_t kListedMask = (std::uint64_t{1} << 52U) - 1;

Bytes ipv4_frame() { return ethernet(Bytes(60, 0), {}, 0x0800); }

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

KernelRange range(Protocol protocol, std::uint16_t first, std::uint16_t last, Verdict verdict) {
  return {.protocol = protocol, .first_port = first, .last_port = last, .verdict = verdict};
}

std::shared_ptr<const SourceClass> source_class(ClassId id, const char* name, bool is_public) {
  return std::make_shared<const SourceClass>(SourceClass{.id = id, .name = name, .is_public = is_public});
}

// Two ports of TCP and UDP, `low` below `high`; all else is denied.
std::vector<KernelRange> open_ports(std::uint16_t low, std::uint16_t high) {
  std::vector<KernelRange> ranges{range(Protocol::kAny, 0, 65535, Verdict::kDeny)};
  const auto before = [](std::uint16_t port) { return static_cast<std::uint16_t>(port - 1); };
  const auto after = [](std::uint16_t port) { return static_cast<std::uint16_t>(port + 1); };
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
    ranges.push_back(range(protocol, 0, before(low), Verdict::kDeny));
    ranges.push_back(range(protocol, low, low, Verdict::kAllow));
    ranges.push_back(range(protocol, after(low), before(high), Verdict::kDeny));
    ranges.push_back(range(protocol, high, high, Verdict::kAllow));
    ranges.push_back(range(protocol, after(high), 65535, Verdict::kDeny));
  }
  return ranges;
}

Bytes behind_extensions(int count) {
  PacketBuilder packet(kWorld, kPod);
  for (int i = 0; i < count; ++i) packet = packet.extension(packets::kDestinationOptions);
  return ethernet(packet.syn(kClientPort, 443));
}

// Any address of 2000::/3, to any of 128 pods.
constexpr Variation kAnyone{.source_high = std::uint64_t{1} << 61U,
                            .source_high_mask = (std::uint64_t{1} << 61U) - 1,
                            .source_low_mask = ~std::uint64_t{0},
                            .destination_low = kFirstPod,
                            .destination_low_mask = 127,
                            .source_port = 1024,
                            .source_port_mask = 0x7fff};

// The same from the part that policies name most of.
constexpr Variation listed() {
  Variation listed = kAnyone;
  listed.source_high = kListedHigh;
  listed.source_high_mask = kListedMask;
  return listed;
}

// Any source to any address of a network that has no pod.
constexpr Variation elsewhere() {
  Variation elsewhere = kAnyone;
  elsewhere.destination_low_mask = ~std::uint64_t{0};
  return elsewhere;
}

// 256 flows.
constexpr Variation kFlows{.source_high = 0x2600'0001'0000'0000,
                           .source_low_mask = 3,
                           .destination_low = kFirstPod,
                           .destination_low_mask = 15,
                           .source_port = kClientPort,
                           .source_port_mask = 3};

BenchPacket at_uplink(Bytes frame, const Variation& variation = {}) {
  return {.hook = BenchHook::kUplink, .frame = std::move(frame), .variation = variation};
}

std::vector<PacketCase> uplink_cases() {
  const PacketBuilder world(kWorld, kPod);
  const Bytes syn = ethernet(world.syn(kClientPort, 443));
  const Bytes udp = ethernet(world.udp(kClientPort, 443));
  const Bytes astray = ethernet(PacketBuilder(kWorld, kElsewhere).syn(kClientPort, 443));
  return {
      {.name = "not IPv6", .packet = at_uplink(ipv4_frame()), .goal = 3},
      {.name = "to no known endpoint", .packet = at_uplink(astray, elsewhere()), .goal = 3},
      {.name = "established TCP", .packet = at_uplink(ethernet(world.tcp(kClientPort, 443, packets::kAck))), .goal = 5},
      {.name = "UDP, flow seen before", .packet = at_uplink(udp), .goal = 15},
      {.name = "UDP, 256 flows seen before", .packet = at_uplink(udp, kFlows), .goal = 15},
      {.name = "ICMPv6 echo request, seen before", .packet = at_uplink(ethernet(world.icmpv6(128)))},
      {.name = "TCP SYN, allowed", .packet = at_uplink(syn), .goal = 100, .finds_source = true},
      {.name = "TCP SYN, denied",
       .packet = at_uplink(ethernet(world.syn(kClientPort, 5432))),
       .goal = 100,
       .finds_source = true},
      {.name = "TCP SYN, new sources", .packet = at_uplink(syn, kAnyone), .goal = 110, .finds_source = true},
      {.name = "TCP SYN, new listed sources", .packet = at_uplink(syn, listed()), .goal = 110, .finds_source = true},
      {.name = "UDP, new sources", .packet = at_uplink(udp, kAnyone), .goal = 110, .finds_source = true},
  };
}

std::vector<PacketCase> shape_cases() {
  const PacketBuilder world(kWorld, kPod);
  return {
      {.name = "TCP SYN, 1 extension header", .packet = at_uplink(behind_extensions(1))},
      {.name = "TCP SYN, 4 extension headers", .packet = at_uplink(behind_extensions(4))},
      {.name = "TCP SYN, 8 extension headers", .packet = at_uplink(behind_extensions(8))},
      {.name = "TCP SYN, first fragment", .packet = at_uplink(ethernet(world.fragment(0, true).syn(kClientPort, 443)))},
      {.name = "later fragment",
       .packet = at_uplink(ethernet(world.fragment(10, false).raw(packets::kTcp, Bytes(64, 0))))},
      {.name = "TCP SYN, VLAN tag", .packet = at_uplink(ethernet(world.syn(kClientPort, 443), {7}))}};
}

std::vector<PacketCase> delivery_cases() {
  const PacketBuilder world(kWorld, kPod);
  const auto delivered = [](const Bytes& packet) {
    return BenchPacket{.hook = BenchHook::kDelivery, .frame = ethernet(packet)};
  };
  return {{.name = "established TCP", .packet = delivered(world.tcp(kClientPort, 443, packets::kAck)), .goal = 5},
          {.name = "TCP SYN", .packet = delivered(world.syn(kClientPort, 443))},
          {.name = "UDP", .packet = delivered(world.udp(kClientPort, 443))}};
}

std::vector<PacketCase> death_cases() {
  const PacketBuilder world(kWorld, kPod), astray(kWorld, kElsewhere);
  const auto dies = [](Bytes frame) { return BenchPacket{.hook = BenchHook::kDeath, .frame = std::move(frame)}; };
  return {{.name = "not IPv6", .packet = dies(ipv4_frame()), .goal = 10},
          {.name = "established TCP", .packet = dies(ethernet(world.tcp(kClientPort, 443, packets::kAck))), .goal = 10},
          {.name = "TCP SYN to no known endpoint", .packet = dies(ethernet(astray.syn(kClientPort, 443))), .goal = 10},
          {.name = "TCP SYN to a pod", .packet = dies(ethernet(world.syn(kClientPort, 443)))}};
}

}  // namespace

KernelIntent bench_intent(std::uint32_t prefixes) {
  KernelIntent intent;
  intent.classes = {source_class(kLocalClass, "local", false), source_class(kWorldClass, "world", true),
                    source_class(kListedClass, "listed", true)};
  intent.sources = {{.first = address("::"), .source = kLocalClass},
                    {.first = address("2000::"), .source = kWorldClass}};
  const std::uint64_t step = (kListedMask + 1) / prefixes & ~((std::uint64_t{1} << 17U) - 1);
  for (std::uint32_t i = 0; i < prefixes; ++i) {
    const std::uint64_t high = kListedHigh + i * step;
    intent.sources.push_back({.first = IpAddress::from_halves(high, 0), .source = kListedClass});
    intent.sources.push_back({.first = IpAddress::from_halves(high + (1ULL << 16U), 0), .source = kWorldClass});
  }
  intent.sources.push_back({.first = address("4000::"), .source = kLocalClass});
  intent.port_maps = {{range(Protocol::kAny, 0, 65535, Verdict::kAllow)}};
  for (std::uint16_t i = 0; i < kBenchPods; ++i) {
    const auto own = static_cast<std::uint16_t>(intent.port_maps.size());
    intent.port_maps.push_back(open_ports(443, static_cast<std::uint16_t>(kFirstOwnPort + i)));
    intent.policies.push_back({.default_port_map = own, .port_map_of_class = {{kListedClass, 0}}});
    const auto host = static_cast<std::uint16_t>(kFirstPod + i);
    intent.endpoints.push_back({.endpoint = {.kind = EndpointKind::kPod, .ns = "bench", .name = std::to_string(host)},
                                .addresses = {IpAddress::from_halves(address(kPod).high(), host)},
                                .policy = i});
  }
  return intent;
}

std::vector<PacketCase> bench_cases() {
  std::vector<PacketCase> cases = uplink_cases();
  for (auto more : {shape_cases(), delivery_cases(), death_cases()}) std::ranges::move(more, std::back_inserter(cases));
  return cases;
}

}  // namespace sextant::datapath
