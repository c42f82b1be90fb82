// SPDX-License-Identifier: GPL-2.0
// Makes a flood of TCP packets in the kernel, for benchmarks and tests: every frame is written anew, its source and
// whatever else its class leaves open drawn at random, and sent out of a device. Counts what it sends.
//
// Hook:     none; run by BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, by one thread at a time. A frame that comes
//           back from the kernel's pool is what the last receiver left of it, so nothing in it is relied on.
// Contract: bpf/flood.h.   Owner in userspace: bench/flood_generator.cpp.
#include "bpf/flood.h"
#include "bpf/kernel.h"
#include "bpf/packet.h"
#include "bpf/random.h"

enum { IPV6_VERSION = 0x60, HOP_LIMIT = 64, TCP_WORDS = 5, TCP_WINDOW = 65535 };

// Set before load.
const volatile __u32 out_ifindex = 0;

struct flood flood = {};

struct tcp_header {
  __be16 source, port;
  __be32 sequence, acknowledgment;
  __u8 data_offset, flags;
  __be16 window, checksum, urgent;
};

// The one's complement sum of two (RFC 1071, 2.B: of any width, in any byte order).
static __always_inline __u64 add_carry(__u64 a, __u64 b) {
  __u64 sum = a + b;

  return sum + (sum < a);
}

static __always_inline __u16 fold(__u64 sum) {
  for (int i = 0; i < 5; i++)
    sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

// Of the pseudo header (RFC 8200, 8.1) and the TCP header, whose checksum is 0.
static __always_inline __be16 tcp_checksum(const struct packet_ipv6 *ip, const struct tcp_header *tcp) {
  const __u32 *words = (const __u32 *)tcp;
  __u64 sum = bpf_htonl(sizeof(*tcp)) + (__u64)bpf_htonl(IPPROTO_TCP);

  sum = add_carry(sum, ip->src[0]);
  sum = add_carry(sum, ip->src[1]);
  sum = add_carry(sum, ip->dst[0]);
  sum = add_carry(sum, ip->dst[1]);
#pragma unroll
  for (int i = 0; i < TCP_WORDS; i++)
    sum = add_carry(sum, words[i]);
  return (__be16)~fold(sum);
}

static __always_inline struct packet_ipv6 ipv6_header(const struct flood_class *of, __u64 a, __u64 b) {
  return (struct packet_ipv6){
      .version_class = IPV6_VERSION,
      .payload_length = bpf_htons(sizeof(struct tcp_header)),
      .next_header = IPPROTO_TCP,
      .hop_limit = HOP_LIMIT,
      .src = {bpf_cpu_to_be64(of->source_hi | (a & of->source_hi_mask)),
              bpf_cpu_to_be64(of->source_lo | (b & of->source_lo_mask))},
      .dst = {bpf_cpu_to_be64(of->destination_hi), bpf_cpu_to_be64(of->destination_lo)},
  };
}

static __always_inline struct tcp_header tcp_header(const struct flood_class *of, __u64 a, __u64 b) {
  return (struct tcp_header){
      .source = bpf_htons((__u16)(a >> 48) | 1024),
      .port = bpf_htons(of->port | ((__u16)(b >> 48) & of->port_mask)),
      .sequence = (__be32)(a ^ b),
      .data_offset = TCP_WORDS << 4,
      .flags = of->tcp_flags,
      .window = bpf_htons(TCP_WINDOW),
  };
}

SEC("xdp")
int send_packet(struct xdp_md *ctx) {
  unsigned char *data = (unsigned char *)(long)ctx->data;
  unsigned char *end = (unsigned char *)(long)ctx->data_end;
  __u64 a = next_random(flood.state), b = next_random(a);
  struct packet_ipv6 ip;
  struct tcp_header tcp;
  struct flood_class *class;
  __u32 which;

  if (data + ETH_HLEN + sizeof(ip) + sizeof(tcp) > end)
    return XDP_ABORTED;
  flood.state = b;
  which = flood.lots[(a ^ b) >> 56];
  barrier_var(which);  // the verifier wants to see the test of what is used
  if (which >= FLOOD_CLASSES)
    return XDP_ABORTED;
  class = &flood.classes[which];
  ip = ipv6_header(class, a, b);
  tcp = tcp_header(class, a, b);
  tcp.checksum = tcp_checksum(&ip, &tcp);
  __builtin_memcpy(data, flood.ethernet, ETH_HLEN);
  __builtin_memcpy(data + ETH_HLEN, &ip, sizeof(ip));
  __builtin_memcpy(data + ETH_HLEN + sizeof(ip), &tcp, sizeof(tcp));
  class->sent++;
  return bpf_redirect(out_ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";
