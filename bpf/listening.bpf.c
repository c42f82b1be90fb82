// SPDX-License-Identifier: GPL-2.0
// The listening witness: which sockets wait for packets, whose they are, and when to look again.
//
// Hooks: iter/task_file (every file of every process of the pid namespace, so every network namespace without entering
// any), iter/tcp and iter/udp (this network namespace: finds the kernel's own sockets too), and
// tp_btf/inet_sock_set_state. Each iterator writes a struct socket_record per socket.
// Owner in userspace: agent/datapath/listening.cpp.
#include "bpf/kernel.h"
#include "bpf/record.h"
#include "bpf/sockets.h"

enum {
  FAMILY_INET = 2,
  FAMILY_INET6 = 10,
  TYPE_STREAM = 1,
  TYPE_DATAGRAM = 2,
  TYPE_SEQPACKET = 5,
  PROTOCOL_MPTCP = 262,
};

__u32 look_asked = 0;  // userspace sets it to 0 before it looks: each change after that asks again

// The protocol that the socket waits for packets of; 0: it waits for none.
static __always_inline __u8 waits_for(const struct sock *sk) {
  const struct sock_common *common = &sk->__sk_common;
  __u16 family = common->skc_family, type = sk->sk_type, protocol = sk->sk_protocol;

  if ((family != FAMILY_INET && family != FAMILY_INET6) || !common->skc_num)
    return 0;
  if (type == TYPE_DATAGRAM)
    return protocol == IPPROTO_UDP && !common->skc_dport ? IPPROTO_UDP : 0;
  if (common->skc_state != BPF_TCP_LISTEN)
    return 0;
  if (type == TYPE_STREAM && (protocol == IPPROTO_TCP || protocol == PROTOCOL_MPTCP))
    return IPPROTO_TCP;
  return (type == TYPE_STREAM || type == TYPE_SEQPACKET) && protocol == IPPROTO_SCTP ? IPPROTO_SCTP : 0;
}

static __always_inline __u64 cgroup_of_socket(const struct sock *sk) {
  if (!bpf_core_field_exists(sk->sk_cgrp_data.cgroup))  // before 5.16 a tagged word: the task's cgroup stands in
    return 0;
  return sk->sk_cgrp_data.cgroup ? sk->sk_cgrp_data.cgroup->kn->id : 0;
}

static __always_inline void take_address(const struct sock *sk, struct socket_record *record) {
  const struct sock_common *common = &sk->__sk_common;
  __u32 *words = (__u32 *)record->address;

  record->v4 = common->skc_family == FAMILY_INET;
  if (record->v4) {
    words[2] = bpf_htonl(0xffff);
    words[3] = common->skc_rcv_saddr;
    return;
  }
  words[0] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[0];
  words[1] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[1];
  words[2] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[2];
  words[3] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[3];
  record->v6_only = BPF_CORE_READ_BITFIELD(common, skc_ipv6only);
}

static __always_inline void write_socket(struct seq_file *seq, const struct sock *sk, const struct task_struct *task) {
  struct socket_record record = {};

  record.protocol = waits_for(sk);
  if (!record.protocol)
    return;
  record.id = (__u64)sk;
  record.port = sk->__sk_common.skc_num;
  record.netns = sk->__sk_common.skc_net.net->ns.inum;
  record.socket_cgroup = cgroup_of_socket(sk);
  record.kernel = BPF_CORE_READ_BITFIELD(sk, sk_kern_sock);
  take_address(sk, &record);
  if (task) {
    record.tgid = task->tgid;
    record.task_cgroup = task->cgroups->dfl_cgrp->kn->id;
    __builtin_memcpy(record.comm, task->group_leader->comm, sizeof(record.comm));
  }
  bpf_seq_write(seq, &record, sizeof(record));
}

SEC("iter/task_file")
int on_task_file(struct bpf_iter__task_file *ctx) {
  struct task_struct *task = ctx->task;
  struct file *file = ctx->file;
  struct socket *socket;

  if (!task || !file)
    return 0;
  socket = bpf_sock_from_file(file);
  if (socket && socket->sk)
    write_socket(ctx->meta->seq, socket->sk, task);
  return 0;
}

SEC("iter/tcp")
int on_tcp(struct bpf_iter__tcp *ctx) {
  struct sock_common *common = ctx->sk_common;
  struct tcp_sock *socket;

  if (!common || common->skc_state != BPF_TCP_LISTEN)  // the established are many, and half sockets among them
    return 0;
  socket = bpf_skc_to_tcp_sock(common);
  if (socket)
    write_socket(ctx->meta->seq, (const struct sock *)socket, NULL);
  return 0;
}

SEC("iter/udp")
int on_udp(struct bpf_iter__udp *ctx) {
  struct udp_sock *socket = ctx->udp_sk;

  if (socket)
    write_socket(ctx->meta->seq, (const struct sock *)socket, NULL);
  return 0;
}

SEC("tp_btf/inet_sock_set_state")
int on_socket_state(__u64 *ctx) {  // (const struct sock *sk, int from, int to)
  int from = (int)ctx[1], to = (int)ctx[2];
  struct event *event;

  if (from != BPF_TCP_LISTEN && to != BPF_TCP_LISTEN)
    return 0;
  if (__sync_val_compare_and_swap(&look_asked, 0, 1))
    return 0;
  event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) {
    look_asked = 0;
    count(&events_lost);
    return 0;
  }
  __builtin_memset(event, 0, sizeof(*event));
  event->kind = EVENT_SOCKETS;
  bpf_ringbuf_submit(event, 0);
  count(&events_told);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
