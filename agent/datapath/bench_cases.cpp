#include <string>
#include <vector>

#include "agent/datapath/packet_bench.h"
#include "agent/datapath/packet_builder.h"

namespace sextant::datapath {
namespace {

using packets::Bytes;
using packets::ethernet;
using packets::PacketBuilder;

constexpr const char* kWorld = "2600:1::7";
constexpr const char* kPod = "2001:db8:1::5";
constexpr const char* kElsewhere = "2001:db8:9::9";
constexpr std::uint16_t kFirstPod = 5;
constexpr std::uint16_t kPods = 250;
constexpr std::uint16_t kClientPort = 40'000;
constexpr ClassId kLocalClass = 1, kWorldClass = 2, kListedClass = 3;
constexpr std::uint64_t kListedHigh = 0x2a00'0000'0000'0000;  // 2a00::/12
constexpr std::uint64_t kListedMask = (std::uint64_t{1} << 52U) - 1;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

KernelRange range(Protocol protocol, std::uint16_t first, std::uint16_t last, Verdict verdict) {
  return {.protocol = protocol, .first_port = first, .last_port = last, .verdict = verdict};
}

std::shared_ptr<const SourceClass> source_class(ClassId id, const char* name, bool is_public) {
  return std::make_shared<const SourceClass>(SourceClass{.id = id, .name = name, .is_public = is_public});
}

Bytes behind_extensions(int count) {
  PacketBuilder packet(kWorld, kPod);
  for (int i = 0; i < count; ++i) packet = packet.extension(packets::kDestinationOptions);
  return ethernet(packet.syn(kClientPort, 443));
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
  intent.port_maps = {
      {range(Protocol::kAny, 0, 65535, Verdict::kDeny), range(Protocol::kTcp, 0, 442, Verdict::kDeny),
       range(Protocol::kTcp, 443, 443, Verdict::kAllow), range(Protocol::kTcp, 444, 65535, Verdict::kDeny),
       range(Protocol::kUdp, 0, 442, Verdict::kDeny), range(Protocol::kUdp, 443, 443, Verdict::kAllow),
       range(Protocol::kUdp, 444, 65535, Verdict::kDeny)},
      {range(Protocol::kAny, 0, 65535, Verdict::kAllow)}};
  intent.policies = {{.default_port_map = 0, .port_map_of_class = {{kListedClass, 1}}}};
  for (std::uint16_t pod = kFirstPod; pod < kFirstPod + kPods; ++pod) {
    intent.endpoints.push_back({.endpoint = {.kind = EndpointKind::kPod, .ns = "bench", .name = std::to_string(pod)},
                                .addresses = {IpAddress::from_halves(address(kPod).high(), pod)},
                                .policy = 0});
  }
  return intent;
}

std::vector<PacketCase> bench_cases() {
  const PacketBuilder world(kWorld, kPod);
  const PacketBuilder elsewhere(kWorld, kElsewhere);
  const Bytes syn = ethernet(world.syn(kClientPort, 443));
  // Any address of 2000::/3; any of the part that policies name most of; any of 128 pods.
  const Variation anyone{.source_high = std::uint64_t{1} << 61U,
                         .source_high_mask = (std::uint64_t{1} << 61U) - 1,
                         .source_low_mask = ~std::uint64_t{0},
                         .destination_low = kFirstPod,
                         .destination_low_mask = 127,
                         .source_port = 1024,
                         .source_port_mask = 0x7fff};
  Variation listed = anyone;
  listed.source_high = kListedHigh;
  listed.source_high_mask = kListedMask;
  const Variation flows{.source_high = 0x2600'0001'0000'0000,
                        .source_low_mask = 3,
                        .destination_low = kFirstPod,
                        .destination_low_mask = 15,
                        .source_port = kClientPort,
                        .source_port_mask = 3};
  return {{.name = "not IPv6", .frame = ethernet(Bytes(60, 0), {}, 0x0800), .goal = 3},
          {.name = "to no known endpoint", .frame = ethernet(elsewhere.syn(kClientPort, 443)), .goal = 3},
          {.name = "established TCP", .frame = ethernet(world.tcp(kClientPort, 443, packets::kAck)), .goal = 5},
          {.name = "UDP, flow seen before", .frame = ethernet(world.udp(kClientPort, 443)), .goal = 15},
          {.name = "UDP, 256 flows seen before, in any order",
           .frame = ethernet(world.udp(kClientPort, 443)),
           .variation = flows},
          {.name = "TCP SYN, allowed", .frame = syn, .goal = 100},
          {.name = "TCP SYN, denied", .frame = ethernet(world.syn(kClientPort, 5432)), .goal = 100},
          {.name = "TCP SYN, each from another source, to any pod", .frame = syn, .variation = anyone, .goal = 110},
          {.name = "the same from where most prefixes are", .frame = syn, .variation = listed, .goal = 110},
          {.name = "UDP, each from another source, to any pod",
           .frame = ethernet(world.udp(kClientPort, 443)),
           .variation = anyone,
           .goal = 110},
          {.name = "ICMPv6 echo request, seen before", .frame = ethernet(world.icmpv6(128))},
          {.name = "TCP SYN behind 1 extension header", .frame = behind_extensions(1)},
          {.name = "TCP SYN behind 4 extension headers", .frame = behind_extensions(4)},
          {.name = "TCP SYN behind 8 extension headers", .frame = behind_extensions(8)},
          {.name = "first fragment of a TCP SYN", .frame = ethernet(world.fragment(0, true).syn(kClientPort, 443))},
          {.name = "later fragment", .frame = ethernet(world.fragment(10, false).raw(packets::kTcp, Bytes(64, 0)))},
          {.name = "TCP SYN behind a VLAN tag", .frame = ethernet(world.syn(kClientPort, 443), {7})}};
}

}  // namespace sextant::datapath
