// Which packets without a handshake answer one of the node's own: a DNS answer to an unconnected socket is no attempt
// of the internet to open a flow. BPF only.
//
// One fixed table, two halves: flows that began here (`outbound`) and flows that began outside (`inbound`; without it
// the answers of a server would make its clients look like servers). A mark is overwritten by any other flow of its
// slot, so a flood can only make the table forget: an answer then counts as a new flow, never the reverse. The hash is
// seeded, so that nobody outside can choose a flow that looks like another.
#pragma once

#include "bpf/packet.h"
#include "bpf/rows.h"
#include "bpf/tables.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct reply_table);
} replies SEC(".maps");

// A flow as its near end sees it.
struct near_flow {
  __u64 near_hi, near_lo, far_hi, far_lo;
  __u16 near_port, far_port;
  __u8 protocol;
};

static __always_inline struct near_flow flow_of_arrival(const struct packet *p) {
  return (struct near_flow){.near_hi = p->dst_hi,
                            .near_lo = p->dst_lo,
                            .far_hi = p->src_hi,
                            .far_lo = p->src_lo,
                            .near_port = p->port,
                            .far_port = p->src_port,
                            .protocol = p->protocol};
}

static __always_inline struct near_flow flow_of_departure(const struct packet *p) {
  return (struct near_flow){.near_hi = p->src_hi,
                            .near_lo = p->src_lo,
                            .far_hi = p->dst_hi,
                            .far_lo = p->dst_lo,
                            .near_port = p->src_port,
                            .far_port = p->port,
                            .protocol = p->protocol};
}

static __always_inline __u64 hash_flow(const struct near_flow *f, __u64 seed) {
  __u64 ports = (__u64)f->near_port << 32 | (__u64)f->far_port << 16 | f->protocol;
  __u64 h = hash_pair(f->near_hi, f->near_lo, seed);

  h = hash_pair(f->far_hi, f->far_lo, h);
  return hash_pair(ports, h, seed);
}

static __always_inline __u64 mark_of(__u64 hash, __u32 second) { return (hash & 0xffffffff00000000ULL) | second; }

static __always_inline __u32 second_of(__u64 ns) { return (__u32)(ns / 1000000000); }

// For marks a coarse clock will do, which is cheaper; it is never ahead of the other.
static __always_inline __u32 this_second(void) { return second_of(bpf_ktime_get_coarse_ns()); }

// Mostly the mark is another flow's, and no clock is read. (Tracepoints have no coarse one.)
static __always_inline bool is_marked(__u64 mark, __u64 hash) {
  return mark >> 32 == hash >> 32 && second_of(bpf_ktime_get_ns()) - (__u32)mark <= REPLY_SECONDS;
}

static __always_inline void set_mark(__u64 *slot, __u64 mark) {
  if (*slot != mark)  // once a second: keep the line shared between processors
    *(volatile __u64 *)slot = mark;
}

static __always_inline struct reply_table *open_replies(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&replies, &zero);
}

// A socket of this node sends a packet of this flow.
static __always_inline void note_departure(const struct packet *p) {
  struct reply_table *table = open_replies();
  struct near_flow flow = flow_of_departure(p);
  __u32 slot;
  __u64 hash;

  if (!table)
    return;
  hash = hash_flow(&flow, table->seed);
  slot = hash & (REPLY_SLOTS - 1);
  if (!is_marked(table->inbound[slot], hash))
    set_mark(&table->outbound[slot], mark_of(hash, this_second()));
}

// Whether an arriving packet answers one that left.
static __always_inline bool is_reply(const struct packet *p) {
  struct reply_table *table = open_replies();
  struct near_flow flow = flow_of_arrival(p);
  __u64 hash;

  if (!table)
    return false;
  hash = hash_flow(&flow, table->seed);
  return is_marked(table->outbound[hash & (REPLY_SLOTS - 1)], hash);
}

// A packet of this flow arrived and answers nothing: the flow began outside.
static __always_inline void note_arrival(const struct packet *p) {
  struct reply_table *table = open_replies();
  struct near_flow flow = flow_of_arrival(p);
  __u64 hash;

  if (!table)
    return;
  hash = hash_flow(&flow, table->seed);
  set_mark(&table->inbound[hash & (REPLY_SLOTS - 1)], mark_of(hash, this_second()));
}
