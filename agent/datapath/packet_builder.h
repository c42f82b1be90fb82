// Packets for benchmarks and tests, byte by byte, as BPF_PROG_TEST_RUN and packet sockets take them. Layouts: RFC 8200
// (IPv6), 4302 (AH), 4443 (ICMPv6), 9260 (SCTP), 9293 (TCP), 768 (UDP). Checksums of transports are left 0: no program
// reads them.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/ip.h"

namespace sextant::packets {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint8_t kHopByHop = 0, kTcp = 6, kUdp = 17, kRouting = 43, kFragment = 44, kAuthentication = 51,
                              kIcmpv6 = 58, kNoNext = 59, kDestinationOptions = 60, kSctp = 132;
inline constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPush = 0x08, kAck = 0x10;
inline constexpr std::uint8_t kSctpData = 0, kSctpInit = 1, kSctpInitAck = 2;

inline void put16(Bytes& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

// One IPv6 packet from `source` to `destination`: the extension headers in the order given, then what ends the chain.
class PacketBuilder {
 public:
  PacketBuilder(std::string_view source, std::string_view destination)
      : source_(IpAddress::parse(source).value()), destination_(IpAddress::parse(destination).value()) {}

  // Hop-by-hop, routing or destination options: `units` times 8 bytes, filled with one PadN option.
  PacketBuilder extension(std::uint8_t header, std::uint8_t units = 1) const {
    Bytes body(units * 8U, 0);
    body[1] = static_cast<std::uint8_t>(units - 1);
    body[2] = 1;
    body[3] = static_cast<std::uint8_t>(body.size() - 4);
    return with(header, std::move(body));
  }
  // AH with a check value of 12 bytes.
  PacketBuilder authentication() const {
    Bytes body(24, 0);
    body[1] = 4;
    return with(kAuthentication, std::move(body));
  }
  // `offset` in units of 8 bytes.
  PacketBuilder fragment(std::uint16_t offset, bool more) const {
    Bytes body{0, 0};
    put16(body, static_cast<std::uint16_t>(offset << 3 | (more ? 1 : 0)));
    body.insert(body.end(), {0, 0, 0, 7});
    return with(kFragment, std::move(body));
  }
  // A header as it stands; its first byte is overwritten by the next header's number.
  PacketBuilder with(std::uint8_t header, Bytes body) const {
    PacketBuilder longer = *this;
    longer.headers_.emplace_back(header, std::move(body));
    return longer;
  }

  Bytes tcp(std::uint16_t from, std::uint16_t to, std::uint8_t flags, const Bytes& payload = {}) const {
    Bytes header = ports(from, to);
    header.insert(header.end(), {0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0});
    return end(kTcp, std::move(header), payload);
  }
  Bytes syn(std::uint16_t from, std::uint16_t to) const { return tcp(from, to, kSyn); }

  Bytes udp(std::uint16_t from, std::uint16_t to, const Bytes& payload = {}) const {
    Bytes header = ports(from, to);
    put16(header, static_cast<std::uint16_t>(8 + payload.size()));
    put16(header, 0);
    return end(kUdp, std::move(header), payload);
  }

  Bytes sctp(std::uint16_t from, std::uint16_t to, std::uint8_t chunk = kSctpInit) const {
    Bytes header = ports(from, to);
    header.insert(header.end(), {0, 0, 0, 0, 0, 0, 0, 0, chunk, 0, 0, 20});
    return end(kSctp, std::move(header), Bytes(16, 0));
  }

  Bytes icmpv6(std::uint8_t type, std::uint8_t code = 0) const {
    return end(kIcmpv6, {type, code, 0, 0, 0, 0, 0, 0}, {});
  }

  Bytes raw(std::uint8_t protocol, const Bytes& payload) const { return end(protocol, {}, payload); }

 private:
  static Bytes ports(std::uint16_t from, std::uint16_t to) {
    Bytes bytes;
    put16(bytes, from);
    put16(bytes, to);
    return bytes;
  }

  Bytes end(std::uint8_t protocol, Bytes transport, const Bytes& payload) const {
    Bytes body;
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      const std::size_t at = body.size();
      body.insert(body.end(), headers_[i].second.begin(), headers_[i].second.end());
      body[at] = i + 1 < headers_.size() ? headers_[i + 1].first : protocol;
    }
    body.insert(body.end(), transport.begin(), transport.end());
    body.insert(body.end(), payload.begin(), payload.end());

    Bytes packet{0x60, 0, 0, 0};
    put16(packet, static_cast<std::uint16_t>(body.size()));
    packet.push_back(headers_.empty() ? protocol : headers_.front().first);
    packet.push_back(64);
    packet.insert(packet.end(), source_.bytes.begin(), source_.bytes.end());
    packet.insert(packet.end(), destination_.bytes.begin(), destination_.bytes.end());
    packet.insert(packet.end(), body.begin(), body.end());
    return packet;
  }

  IpAddress source_;
  IpAddress destination_;
  std::vector<std::pair<std::uint8_t, Bytes>> headers_{};
};

// The packet in an Ethernet frame, behind as many VLAN tags as there are `vlans`.
inline Bytes ethernet(const Bytes& packet, const std::vector<std::uint16_t>& vlans = {}, std::uint16_t type = 0x86dd) {
  Bytes frame{0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};
  for (std::size_t i = 0; i < vlans.size(); ++i) {
    put16(frame, i + 1 < vlans.size() ? 0x88a8 : 0x8100);
    put16(frame, vlans[i]);
  }
  put16(frame, type);
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

}  // namespace sextant::packets
