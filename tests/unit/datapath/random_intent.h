// Random intents for the differential tests: policies, classes and port maps of every shape that a KernelIntent may
// have.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/model/intent.h"

namespace sextant::test {

class RandomIntent {
 public:
  struct Size {
    std::size_t endpoints = 8;
    std::size_t sources = 40;
    std::size_t classes = 10;
    std::size_t policies = 6;
    std::size_t port_maps = 12;
  };

  explicit RandomIntent(std::uint64_t seed) : random_(seed) {}

  KernelIntent make(const Size& size) {
    KernelIntent intent;
    for (std::size_t i = 0; i < size.classes; ++i) {
      intent.classes.push_back(std::make_shared<const SourceClass>(SourceClass{
          .id = static_cast<ClassId>(i * 7 + 1), .name = "class" + std::to_string(i), .is_public = below(4) != 0}));
    }
    for (std::size_t i = 0; i < size.port_maps; ++i) intent.port_maps.push_back(port_map());
    for (std::size_t i = 0; i < size.policies; ++i) intent.policies.push_back(policy(intent));
    for (std::size_t i = 0; i < size.endpoints; ++i) intent.endpoints.push_back(endpoint(i, size.policies));
    intent.sources = sources(size.sources, intent);
    return intent;
  }

  // Near what an intent distinguishes: an address before, at or after the start of a source range, or anywhere.
  IpAddress source_near(const KernelIntent& intent) {
    const IpAddress& edge = intent.sources[below(intent.sources.size())].first;
    switch (below(4)) {
      case 0:
        return edge;
      case 1:
        return edge.previous();
      case 2:
        return edge.next();
      default:
        return IpAddress::from_halves(global_half(), random_());
    }
  }

  // A port at the edge of a range of the map, or any.
  std::uint16_t port_near(const PortMap& ports) {
    if (ports.empty() || below(4) == 0) return static_cast<std::uint16_t>(random_());
    const KernelRange& range = ports[below(ports.size())];
    const std::uint16_t edge = below(2) == 0 ? range.first_port : range.last_port;
    return static_cast<std::uint16_t>(edge + below(3) - 1);
  }

  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::uint64_t next() { return random_(); }

 private:
  static constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kIcmpv6, Protocol::kSctp};

  Verdict verdict() { return static_cast<Verdict>(below(5)); }
  std::uint64_t global_half() { return (random_() >> 3U) | (1ULL << 61U); }

  PortMap port_map() {
    PortMap ports{{.protocol = Protocol::kAny, .first_port = 0, .last_port = 65535, .verdict = verdict()}};
    for (const Protocol protocol : kProtocols) {
      if (below(8) == 0) continue;  // left to kAny
      std::set<std::uint32_t> starts{0};
      for (std::size_t i = below(12); i > 0; --i) starts.insert(static_cast<std::uint32_t>(below(65536)));
      for (auto it = starts.begin(); it != starts.end(); ++it) {
        const std::uint32_t last = std::next(it) == starts.end() ? 65535 : *std::next(it) - 1;
        ports.push_back({.protocol = protocol,
                         .first_port = static_cast<std::uint16_t>(*it),
                         .last_port = static_cast<std::uint16_t>(last),
                         .verdict = verdict()});
      }
    }
    std::ranges::sort(ports);
    return ports;
  }

  KernelPolicy policy(const KernelIntent& intent) {
    KernelPolicy policy{.default_port_map = static_cast<std::uint32_t>(below(intent.port_maps.size()))};
    for (const auto& source : intent.classes) {
      if (below(2) == 0) continue;
      policy.port_map_of_class.set(source->id, static_cast<std::uint32_t>(below(intent.port_maps.size())));
    }
    return policy;
  }

  KernelEndpoint endpoint(std::size_t number, std::size_t policies) {
    KernelEndpoint endpoint{
        .endpoint = {.kind = EndpointKind::kPod, .ns = "test", .name = "pod" + std::to_string(number)},
        .policy = static_cast<std::uint32_t>(below(policies))};
    for (std::size_t i = below(3) + 1; i > 0; --i) {
      endpoint.addresses.push_back(
          IpAddress::from_halves(below(4) == 0 ? 0xfd00'0000'0000'0001ULL : 0x2001'0db8'0001'0000ULL, random_()));
    }
    return endpoint;
  }

  // Prefixes of every length, many inside 2000::/3, some within one bucket of the index, some outside.
  std::vector<SourceRange> sources(std::size_t count, const KernelIntent& intent) {
    std::set<IpAddress> starts{IpAddress{}};
    while (starts.size() < count) {
      std::uint64_t high = random_();
      if (below(8) != 0) high = global_half();
      if (below(3) == 0) high = 0x2a00'0000'0000'0000ULL | (high & 0x0000'1fff'ffff'ffffULL);
      starts.insert(
          Prefix::masked(IpAddress::from_halves(high, random_()), static_cast<std::uint8_t>(below(129))).address);
    }
    std::vector<SourceRange> ranges;
    for (const IpAddress& start : starts) {
      ranges.push_back({.first = start, .source = intent.classes[below(intent.classes.size())]->id});
    }
    return ranges;
  }

  std::mt19937_64 random_;
};

}  // namespace sextant::test
