#include "agent/base/ip.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include <arpa/inet.h>

#include "agent/base/text.h"

namespace sextant {
namespace {

__extension__ using U128 = unsigned __int128;

constexpr std::uint8_t kBits = 128;
constexpr std::uint8_t kMappedBits = 96;  // ::ffff:0:0/96

std::uint64_t big_endian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

U128 number(const IpAddress& a) { return (static_cast<U128>(a.high()) << 64U) | a.low(); }

IpAddress address(U128 value) {
  return IpAddress::from_halves(static_cast<std::uint64_t>(value >> 64U), static_cast<std::uint64_t>(value));
}

// The bits that a prefix of this length leaves free.
U128 host_mask(unsigned length) { return length == 0 ? ~U128{0} : (length >= kBits ? 0 : ~U128{0} >> length); }

unsigned trailing_zeros(U128 value) {
  const auto low = static_cast<std::uint64_t>(value);
  if (low != 0) return static_cast<unsigned>(std::countr_zero(low));
  const auto high = static_cast<std::uint64_t>(value >> 64U);
  return high == 0 ? kBits : 64U + static_cast<unsigned>(std::countr_zero(high));
}

unsigned bit_width(U128 value) {
  const auto high = static_cast<std::uint64_t>(value >> 64U);
  if (high != 0) return 64U + static_cast<unsigned>(std::bit_width(high));
  return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(value)));
}

std::string dotted(const IpAddress& a) {
  std::string text;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12) text += '.';
    text += std::to_string(a.bytes[i]);
  }
  return text;
}

struct Run {
  std::size_t start = 8;
  std::size_t length = 0;
};

// RFC 5952 4.2: the longest run of zero groups, the first of equal ones, never a single group.
Run longest_zero_run(const std::array<std::uint16_t, 8>& groups) {
  Run best;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > best.length) best = {.start = i, .length = end - i};
    i = std::max(end, i + 1);
  }
  return best.length < 2 ? Run{} : best;
}

struct Range {
  U128 first = 0;
  U128 last = 0;
};

Range range_of(const Prefix& p) { return {.first = number(p.address), .last = number(p.last())}; }

// Disjoint, not adjacent, sorted.
std::vector<Range> merged(std::vector<Prefix> prefixes) {
  std::ranges::sort(prefixes);
  std::vector<Range> ranges;
  for (const Prefix& p : prefixes) {
    const Range next = range_of(p);
    if (!ranges.empty() && (ranges.back().last == ~U128{0} || next.first <= ranges.back().last + 1)) {
      ranges.back().last = std::max(ranges.back().last, next.last);
    } else {
      ranges.push_back(next);
    }
  }
  return ranges;
}

// Appends the fewest prefixes that make up the range: each time the largest one that starts at `first`, as its
// alignment allows, and does not pass `last`.
void append_cover(Range range, std::vector<Prefix>& to) {
  while (true) {
    const U128 span = range.last - range.first;
    unsigned free_bits = trailing_zeros(range.first);
    // span + 1 addresses are left; a block of 2^n fits when 2^n - 1 <= span.
    const unsigned fitting = span == ~U128{0} ? kBits : bit_width(span + 1) - 1;
    free_bits = std::min(free_bits, fitting);
    to.push_back({.address = address(range.first), .length = static_cast<std::uint8_t>(kBits - free_bits)});
    const U128 block_last = range.first | host_mask(kBits - free_bits);
    if (block_last >= range.last) return;
    range.first = block_last + 1;
  }
}

Result<unsigned> prefix_length(std::string_view text, unsigned max) {
  unsigned length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || end != text.data() + text.size() || leading_zero || length > max) {
    return failure(quote(text) + " is no prefix length from 0 to " + std::to_string(max));
  }
  return length;
}

}  // namespace

const Prefix kGlobalUnicast{.address = IpAddress::from_halves(0x2000'0000'0000'0000, 0), .length = 3};
const Prefix kAllV6{};
const Prefix kAllV4{.address = IpAddress::from_halves(0, 0xffff'0000'0000), .length = kMappedBits};

std::uint64_t IpAddress::high() const { return big_endian(bytes.data()); }
std::uint64_t IpAddress::low() const { return big_endian(bytes.data() + 8); }

IpAddress IpAddress::from_halves(std::uint64_t high, std::uint64_t low) {
  if (std::endian::native == std::endian::little) {
    high = __builtin_bswap64(high);
    low = __builtin_bswap64(low);
  }
  IpAddress a;
  std::memcpy(a.bytes.data(), &high, sizeof high);
  std::memcpy(a.bytes.data() + 8, &low, sizeof low);
  return a;
}

bool IpAddress::is_v4() const { return high() == 0 && low() >> 32U == 0xffff; }
bool IpAddress::is_loopback() const { return is_v4() ? bytes[12] == 127 : high() == 0 && low() == 1; }
bool IpAddress::is_unspecified() const { return high() == 0 && (low() == 0 || low() == 0xffff'0000'0000); }
bool IpAddress::is_link_local() const {
  return is_v4() ? bytes[12] == 169 && bytes[13] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80;
}
bool IpAddress::is_unique_local() const { return (bytes[0] & 0xfeU) == 0xfc; }
bool IpAddress::is_multicast() const { return is_v4() ? (bytes[12] & 0xf0U) == 0xe0 : bytes[0] == 0xff; }
bool IpAddress::is_global_unicast() const { return (bytes[0] & 0xe0U) == 0x20; }

IpAddress IpAddress::next() const { return address(number(*this) + 1); }
IpAddress IpAddress::previous() const { return address(number(*this) - 1); }

std::string IpAddress::to_string() const {
  if (is_v4()) return dotted(*this);
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8U | bytes[2 * i + 1]);
  }
  const Run zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size();) {
    if (i == zeros.start) {
      text += "::";
      i += zeros.length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    text.append(digits.data(), end);
    ++i;
  }
  return text;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const auto wrong = [&] { return failure(quote(text) + " is no IP address"); };
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  // inet_pton reads up to a NUL: what follows one must not be forgotten.
  if (text.empty() || text.size() >= terminated.size() || text.contains('\0')) return wrong();
  text.copy(terminated.data(), text.size());
  IpAddress a;
  if (text.contains(':')) {
    if (inet_pton(AF_INET6, terminated.data(), a.bytes.data()) != 1) return wrong();
    return a;
  }
  if (inet_pton(AF_INET, terminated.data(), a.bytes.data() + 12) != 1) return wrong();
  a.bytes[10] = a.bytes[11] = 0xff;
  return a;
}

bool Prefix::is_v4() const { return length >= kMappedBits && address.is_v4(); }

bool Prefix::contains(const IpAddress& a) const { return ((number(a) ^ number(address)) & ~host_mask(length)) == 0; }

bool Prefix::contains(const Prefix& other) const { return other.length >= length && contains(other.address); }

IpAddress Prefix::last() const { return sextant::address(number(address) | host_mask(length)); }

std::string Prefix::to_string() const {
  const unsigned printed = is_v4() ? length - kMappedBits : length;
  return address.to_string() + "/" + std::to_string(printed);
}

Prefix Prefix::of(const IpAddress& a) { return {.address = a, .length = kBits}; }

Prefix Prefix::masked(const IpAddress& a, std::uint8_t length) {
  length = std::min(length, kBits);
  return {.address = sextant::address(number(a) & ~host_mask(length)), .length = length};
}

Result<Prefix> Prefix::parse(std::string_view text, bool* had_host_bits) {
  if (had_host_bits != nullptr) *had_host_bits = false;
  const auto slash = text.find('/');
  const auto a = IpAddress::parse(text.substr(0, slash));
  if (!a) return failure(quote(text) + " is no prefix");
  if (slash == std::string_view::npos) return of(*a);
  const bool dotted = !text.substr(0, slash).contains(':');
  const auto length = prefix_length(text.substr(slash + 1), dotted ? kBits - kMappedBits : kBits);
  if (!length) return because(quote(text) + " is no prefix", length.error());
  const Prefix prefix = masked(*a, static_cast<std::uint8_t>(dotted ? *length + kMappedBits : *length));
  if (had_host_bits != nullptr) *had_host_bits = prefix.address != *a;
  return prefix;
}

std::vector<Prefix> subtract(const Prefix& from, std::vector<Prefix> holes) {
  std::erase_if(holes, [&](const Prefix& hole) { return !from.contains(hole) && !hole.contains(from); });
  const Range whole = range_of(from);
  U128 next = whole.first;  // the first address that no hole has taken yet
  std::vector<Prefix> left;
  for (const Range& hole : merged(std::move(holes))) {
    if (hole.first > next) append_cover({.first = next, .last = hole.first - 1}, left);
    if (hole.last >= whole.last) return left;
    next = hole.last + 1;
  }
  append_cover({.first = next, .last = whole.last}, left);
  return left;
}

std::vector<Prefix> cover(const IpAddress& first, const IpAddress& last) {
  std::vector<Prefix> prefixes;
  if (first <= last) append_cover({.first = number(first), .last = number(last)}, prefixes);
  return prefixes;
}

Prefix largest_within(const IpAddress& first, const IpAddress& last) {
  const U128 low = number(first), high = number(last);
  if (low == 0 && ~high == 0) return {};
  for (unsigned bits = std::min<unsigned>(bit_width(high - low), kBits - 1); bits > 0; --bits) {
    const U128 mask = (U128{1} << bits) - 1;
    const U128 start = (low + mask) & ~mask;
    const bool inside = start >= low && start <= high && mask <= high - start;
    if (inside) return {.address = address(start), .length = static_cast<std::uint8_t>(kBits - bits)};
  }
  return Prefix::of(first);
}

std::vector<Prefix> minimize(std::vector<Prefix> prefixes) {
  std::vector<Prefix> minimal;
  for (const Range& range : merged(std::move(prefixes))) append_cover(range, minimal);
  return minimal;
}

}  // namespace sextant
