// SPDX-License-Identifier: GPL-2.0
// What a benchmark needs beside the program that it measures: a source of packets that differ, and a program that does
// nothing. Never attached.
//
// Hook:     none; run by BPF_PROG_TEST_RUN. `vary` overwrites addresses and ports of the frame (Ethernet, IPv6, then a
//           header that begins with ports) and tail-calls `target`; measured with `nothing` as target it is the cost to
//           subtract. `nothing_delivered` is that for programs of cgroups. `send` puts a copy of the packet onto a
//           device, for what only works on a real way out.
// Contract: bpf/bench.h.   Owners in userspace: agent/datapath/bench_programs.cpp and bench/send_bench.cpp.
#include "bpf/bench.h"
#include "bpf/kernel.h"
#include "bpf/random.h"

enum { SOURCE_AT = ETH_HLEN + 8, DESTINATION_AT = SOURCE_AT + 16, PORTS_AT = DESTINATION_AT + 16 };

// Written by userspace before each run; `state` by `vary`.
struct bench_variation variation = {};

// One element: the program that `vary` hands the packet to. Written by userspace before each run.
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} target SEC(".maps");

SEC("tc")
int vary(struct __sk_buff *skb) {
  unsigned char *data = (unsigned char *)(long)skb->data;
  unsigned char *end = (unsigned char *)(long)skb->data_end;
  __u64 r = next_random(variation.state);
  __be64 *source, *destination;

  variation.state = r;
  if (data + PORTS_AT + sizeof(__be32) > end)
    return TCX_NEXT;
  source = (__be64 *)(data + SOURCE_AT);
  destination = (__be64 *)(data + DESTINATION_AT);
  source[0] = bpf_cpu_to_be64(variation.source_hi | (r & variation.source_hi_mask));
  source[1] = bpf_cpu_to_be64(r & variation.source_lo_mask);
  destination[1] = bpf_cpu_to_be64(variation.destination_lo + ((r >> 32) & variation.destination_lo_mask));
  *(__be16 *)(data + PORTS_AT) = bpf_htons((__u16)(variation.source_port + (r & variation.source_port_mask)));
  bpf_tail_call(skb, &target, 0);
  return TCX_NEXT;
}

SEC("tc")
int nothing(struct __sk_buff *skb __attribute__((unused))) { return TCX_NEXT; }

// Where `send` sends to; written by userspace before a run.
volatile __u32 send_ifindex = 0;

SEC("tc")
int send(struct __sk_buff *skb) {
  bpf_clone_redirect(skb, send_ifindex, 0);
  return TCX_NEXT;
}

SEC("cgroup_skb/ingress")
int nothing_delivered(struct __sk_buff *skb __attribute__((unused))) { return 1; }

char LICENSE[] SEC("license") = "GPL";
