// The kernel's sockets, tasks and iterator contexts, as far as bpf/listening.bpf.c reads them. BPF only.
//
// CO-RE relocates the fields. Sources: include/net/sock.h, include/linux/{sched,cgroup-defs,kernfs,bpf}.h,
// net/ipv4/{tcp_ipv4,udp}.c, kernel/bpf/task_iter.c.
#pragma once

#include "bpf/kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
  __u64 id;
};

struct cgroup {
  struct kernfs_node *kn;
};

struct css_set {
  struct cgroup *dfl_cgrp;
};

struct task_struct {
  int tgid;
  struct task_struct *group_leader;
  struct css_set *cgroups;
  char comm[16];
};

struct sock_cgroup_data {
  struct cgroup *cgroup;
};

struct sock_common {
  __be32 skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  unsigned char skc_ipv6only : 1;
  possible_net_t skc_net;
  struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
  struct sock_common __sk_common;
  __u8 sk_kern_sock : 1;
  __u16 sk_type;
  __u16 sk_protocol;
  struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
  struct sock *sk;
};

struct bpf_iter_meta {
  struct seq_file *seq;
};

struct bpf_iter__task_file {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
  struct file *file;
};

struct bpf_iter__tcp {
  struct bpf_iter_meta *meta;
  struct sock_common *sk_common;
};

struct bpf_iter__udp {
  struct bpf_iter_meta *meta;
  struct udp_sock *udp_sk;
};

#pragma clang attribute pop
