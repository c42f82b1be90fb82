// Whom a listening socket hears: a classic BPF program on it (SO_ATTACH_FILTER, socket(7)), which the kernel runs for
// each TCP segment before it answers, the first SYN too (net/ipv4/tcp_ipv4.c, net/ipv6/tcp_ipv6.c: tcp_filter). What
// others send dies there: to them the port is not open, nor closed, but silent. Accepted connections
// inherit it as it was. Linux lets everyone do so; some kernels want CAP_NET_ADMIN.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <linux/filter.h>

#include "agent/base/capabilities.h"
#include "agent/base/ip.h"
#include "agent/base/result.h"

namespace sextant::report {

// The kernel takes 4096 instructions (BPF_MAXINSNS), and a prefix needs 10 at most.
inline constexpr std::size_t kMostSources = 400;

// The program for a socket of `family` (AF_INET6, AF_INET): sources of the other family are left out. At most
// kMostSources of `sources` count, the first.
std::vector<sock_filter> source_filter(std::span<const Prefix> sources, int family);

// Puts it on the socket, in place of the one that is there, without a gap between.
Result<> hear_only(int fd, int family, std::span<const Prefix> sources);

// The capabilities that hear_only() asks for on this kernel; found by trying without, so call it before there are other
// threads.
Capabilities needed_to_hear_only();

}  // namespace sextant::report
