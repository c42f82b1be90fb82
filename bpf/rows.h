// What delivery, death and listening say to userspace: rows, strays, sockets and events. The contract between
// bpf/record.h, which writes them, and agent/datapath/{rows,events,listening}.cpp. Compiles as BPF C and as C++.
//
// Times are CLOCK_MONOTONIC nanoseconds, ports are in host order, addresses are 16 bytes in network order. No padding
// of the compiler's choosing: keys are compared byte by byte.
#pragma once

#include "bpf/abi.h"

// Endpoint x protocol x port (ICMPv6: the type) x source class.
struct row_key {
  __u32 endpoint;  // table_endpoint's id
  __u32 source;    // ClassId, or TABLE_NO_CLASS
  __u16 port;
  __u8 protocol;
  __u8 pad;
};

// Counts are exact. `cgroup`, `drop_reason` and `intended` are of the last packet that has them; `sample` is of a
// recent one: who wins `told_ns` writes it, so that two processors never mix two addresses.
struct row_value {
  __u64 delivered;
  __u64 dropped;
  __u64 refused;  // died at the destination's own stack, which has no socket for it
  __u64 first_ns;
  __u64 last_delivered_ns;  // 0: never; likewise the next two
  __u64 last_dropped_ns;
  __u64 last_refused_ns;
  __u64 told_ns;      // when the last event, or sample, was taken
  __u64 cgroup;       // of the socket that received; 0: none did
  __u8 sample[16];    // a source
  __u32 drop_reason;  // enum skb_drop_reason; 0: none dropped
  __u8 intended;      // VERDICT_*, at the last packet
  __u8 pad[3];
};

// A public packet that a socket received at an address that no endpoint holds.
struct stray_key {
  __u64 cgroup;  // of the socket
  __u8 address[16];
  __u16 port;
  __u8 protocol;
  __u8 pad[5];
};

struct stray_value {
  __u64 count;
  __u64 first_ns;
  __u64 last_ns;
  __u64 told_ns;
  __u8 sample[16];
};

enum event_kind {
  EVENT_ROW = 1,  // a row disagreed
  EVENT_STRAY = 2,
  EVENT_SOCKETS = 3,  // a socket began or ceased to listen
};

// Says where to look; the facts stay in the maps.
struct event {
  __u32 kind;
  __u32 pad;
  union {
    struct row_key row;
    struct stray_key stray;
  };
};

// A socket that waits for packets, as the iterators write it.
struct socket_record {
  __u64 id;             // the same in every record of the same socket
  __u64 socket_cgroup;  // 0: not known
  __u64 task_cgroup;    // 0: no task, or not known
  __u32 netns;          // inode
  __u32 tgid;           // 0: no task
  __u8 address[16];     // IPv4 as ::ffff:a.b.c.d
  __u16 port;
  __u8 protocol;  // TCP (MPTCP too), UDP, SCTP
  __u8 v4;
  __u8 v6_only;
  __u8 kernel;  // made by the kernel for itself: VXLAN, WireGuard
  __u8 pad[2];
  char comm[16];
};

enum {
  REPLY_SLOTS = 1 << 14,
  REPLY_SECONDS = 120,  // as nf_conntrack_udp_timeout_stream
};

// The flows without a handshake seen of late (bpf/replies.h). A mark: upper half of the flow's hash << 32 | second.
struct reply_table {
  __u64 seed;  // of the hash; random, set by userspace
  __u64 outbound[REPLY_SLOTS];
  __u64 inbound[REPLY_SLOTS];
};

ABI_ASSERT(sizeof(struct row_key) == 12, "row_key layout changed");
ABI_ASSERT(sizeof(struct row_value) == 96, "row_value layout changed");
ABI_ASSERT(sizeof(struct stray_key) == 32, "stray_key layout changed");
ABI_ASSERT(sizeof(struct stray_value) == 48, "stray_value layout changed");
ABI_ASSERT(sizeof(struct event) == 40, "event layout changed");
ABI_ASSERT(ABI_OFFSET(struct event, row) == 8, "event layout changed");
ABI_ASSERT(sizeof(struct socket_record) == 72, "socket_record layout changed");
