// The kernel as our programs see it: UAPI, libbpf's helpers, and the few kernel structs that they read. BPF only.
//
// The structs name only the fields that are read; CO-RE relocates them to the running kernel's layout, so neither a
// generated vmlinux.h nor the build machine's kernel matters. Sources: include/linux/skbuff.h, include/net/sock.h.
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#ifndef TCX_NEXT
#define TCX_NEXT (-1)  // also TC_ACT_UNSPEC: the next program, or the stack, decides
#endif

typedef _Bool bool;
#define true 1
#define false 0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  struct net *net;
} possible_net_t;

struct ns_common {
  unsigned int inum;
};

struct net {
  struct ns_common ns;
  __u64 net_cookie;
};

struct net_device {
  int ifindex;
  possible_net_t nd_net;
};

struct sk_buff {
  struct net_device *dev;
  struct sock *sk;
  unsigned int len, data_len;
  __be16 protocol;
  int skb_iif;
  __u16 network_header;
  unsigned char *head, *data;
};

#pragma clang attribute pop
