// SPDX-License-Identifier: GPL-2.0
// The death witness: a public packet that opens a flow towards an endpoint was freed by the kernel, which says why.
//
// Hook: tp_btf/kfree_skb, on kernels that give the reason (5.17).
// Owner in userspace: agent/datapath/death.cpp, which fills the tables of reasons from the kernel's BTF.
#include "bpf/death.h"

SEC("tp_btf/kfree_skb")
int on_death(__u64 *ctx) {  // (struct sk_buff *skb, void *location, enum skb_drop_reason reason, ...)
  look_at_death((const struct sk_buff *)ctx[0], (__u32)ctx[2]);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
