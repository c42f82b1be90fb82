#include "agent/report/source_filter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <linux/capability.h>
#include <sys/socket.h>

#include "agent/base/c_ptr.h"

namespace sextant::report {
namespace {

// What a filter of a TCP socket is given begins at the TCP header; the IP header is reached by its own offset.
constexpr std::uint32_t kIpHeader = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t kSourceV6 = kIpHeader + 8;   // RFC 8200, 3
constexpr std::uint32_t kSourceV4 = kIpHeader + 12;  // RFC 791, 3.1
constexpr std::size_t kV4Begins = 12;                // of the 16 bytes of an IPv4 address
constexpr unsigned kWordBits = 32;

constexpr sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter mask(std::uint32_t bits) { return BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits); }
constexpr sock_filter kHear = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
constexpr sock_filter kDrop = BPF_STMT(BPF_RET | BPF_K, 0);

std::uint32_t word_at(const IpAddress& address, std::size_t byte) {
  std::uint32_t word = 0;
  for (std::size_t i = byte; i < byte + 4; ++i) word = word << 8U | address.bytes[i];
  return word;
}

// Hears the prefix, or goes on behind itself.
std::vector<sock_filter> one(const Prefix& prefix) {
  const bool v4 = prefix.is_v4();
  const std::size_t first_byte = v4 ? kV4Begins : 0;
  const std::uint32_t source = v4 ? kSourceV4 : kSourceV6;
  unsigned bits = prefix.length - 8U * static_cast<unsigned>(first_byte);
  std::vector<sock_filter> program;
  std::vector<std::size_t> tests;
  for (std::uint32_t byte = 0; bits > 0; byte += 4) {
    const unsigned here = std::min(bits, kWordBits);
    program.push_back(load(source + byte));
    if (here < kWordBits) program.push_back(mask(~std::uint32_t{0} << (kWordBits - here)));
    tests.push_back(program.size());
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_at(prefix.address, first_byte + byte), 0, 0));
    bits -= here;
  }
  program.push_back(kHear);
  for (const std::size_t test : tests) program[test].jf = static_cast<std::uint8_t>(program.size() - test - 1);
  return program;
}

}  // namespace

std::vector<sock_filter> source_filter(std::span<const Prefix> sources, int family) {
  std::vector<sock_filter> program;
  for (const Prefix& prefix : sources.first(std::min(sources.size(), kMostSources))) {
    if (prefix.is_v4() != (family == AF_INET)) continue;
    const std::vector<sock_filter> part = one(prefix);
    program.insert(program.end(), part.begin(), part.end());
  }
  program.push_back(kDrop);
  return program;
}

Result<> hear_only(int fd, int family, std::span<const Prefix> sources) {
  std::vector<sock_filter> program = source_filter(sources, family);
  const sock_fprog attached{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0)
    return errno_failure("SO_ATTACH_FILTER", errno);
  return {};
}

Capabilities needed_to_hear_only() {
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Capabilities all = effective_capabilities();
  if (!set_effective_capabilities(all & ~capability(CAP_NET_ADMIN))) return capability(CAP_NET_ADMIN);
  const bool works = hear_only(fd.get(), AF_INET6, {}).has_value();
  return set_effective_capabilities(all) && works ? 0 : capability(CAP_NET_ADMIN);
}

}  // namespace sextant::report
