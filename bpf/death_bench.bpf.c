// SPDX-License-Identifier: GPL-2.0
// The death witness as a benchmark can run it: the same text over a packet that is not freed. Never attached.
//
// Hook:     none; run by BPF_PROG_TEST_RUN, which the kernel does not offer for tp_btf. A tc program has the same skb
//           by bpf_cast_to_kern_ctx() (Linux 6.2).
// Owner in userspace: agent/datapath/bench_programs.cpp.
#include "bpf/death.h"

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

// Why the packet is freed, as the tracepoint would say; written by userspace before a run.
volatile __u32 reason = 0;

SEC("tc")
int on_bench_death(struct __sk_buff *skb) {
  look_at_death(bpf_cast_to_kern_ctx(skb), reason);
  return TCX_NEXT;
}

char LICENSE[] SEC("license") = "GPL";
