// IP addresses and prefixes as values. IPv4 is held as IPv4-mapped IPv6 (::ffff:0:0/96, RFC 4291
// 2.5.5.2), so that one ordering and one prefix test serve both families.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sextant {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network order

  auto operator<=>(const IpAddress&) const = default;

  bool is_v4() const;
  bool is_loopback() const;        // ::1, 127.0.0.0/8
  bool is_unspecified() const;     // ::, 0.0.0.0
  bool is_link_local() const;      // fe80::/10, 169.254.0.0/16
  bool is_unique_local() const;    // fc00::/7
  bool is_multicast() const;       // ff00::/8, 224.0.0.0/4
  bool is_global_unicast() const;  // IPv6 2000::/3 (documentation prefixes included); IPv4 never

  std::uint64_t high() const;  // the first 64 bits, host order
  std::uint64_t low() const;   // the last 64 bits, host order
  static IpAddress from_halves(std::uint64_t high, std::uint64_t low);

  IpAddress next() const;  // wraps round after the last address
  IpAddress previous() const;

  std::string to_string() const;  // RFC 5952; IPv4 in dotted form
  // Accepts what inet_pton accepts, no zone, no brackets, no prefix length.
  static Result<IpAddress> parse(std::string_view text);
};

// `length` counts bits of the 128-bit form: IPv4 10.0.0.0/8 has length 104. Host bits are zero.
struct Prefix {
  IpAddress address{};
  std::uint8_t length = 0;  // 0 to 128

  auto operator<=>(const Prefix&) const = default;

  bool is_v4() const;
  bool contains(const IpAddress& a) const;
  bool contains(const Prefix& other) const;
  IpAddress first() const { return address; }
  IpAddress last() const;

  // "2001:db8::/32", "10.0.0.0/8". A /128 (or IPv4 /32) prints with its length too.
  std::string to_string() const;
  static Prefix of(const IpAddress& a);                           // the address alone
  static Prefix masked(const IpAddress& a, std::uint8_t length);  // clears host bits

  // "ADDRESS/LENGTH" or a bare address. Host bits are cleared; *had_host_bits (if given) says so.
  static Result<Prefix> parse(std::string_view text, bool* had_host_bits = nullptr);
};

// The public internet of IPv6: 2000::/3 (RFC 4291, IANA's global unicast).
extern const Prefix kGlobalUnicast;
extern const Prefix kAllV6;  // ::/0
extern const Prefix kAllV4;  // 0.0.0.0/0

// `from` minus every prefix of `holes`: the minimal list of prefixes, sorted.
std::vector<Prefix> subtract(const Prefix& from, std::vector<Prefix> holes);
// The minimal list of prefixes that covers the inclusive range, sorted.
std::vector<Prefix> cover(const IpAddress& first, const IpAddress& last);
// The largest prefix that lies in the inclusive range, the first of equal ones. `first` is not after `last`.
Prefix largest_within(const IpAddress& first, const IpAddress& last);
// Merges adjacent and drops contained prefixes: the minimal sorted list with the same addresses.
std::vector<Prefix> minimize(std::vector<Prefix> prefixes);

}  // namespace sextant
