// How delivery and death write their rows and strays, and when they say so at once. BPF only.
//
// Layouts: bpf/rows.h. Owners in userspace: agent/datapath/rows.cpp and events.cpp, which make the maps; every object
// reuses them by descriptor. A row that has once disagreed lives in `disagreeing` and takes every later packet, so that
// agreement seen later is seen there; all others live in `agreeing`, whose overflow no disagreement feels.
#pragma once

#include "bpf/kernel.h"
#include "bpf/rows.h"
#include "bpf/tables.h"

#define ROW_TABLE(name, type_of_key, type_of_value) \
  struct { \
    __uint(type, BPF_MAP_TYPE_HASH); \
    __uint(max_entries, 1); \
    __type(key, type_of_key); \
    __type(value, type_of_value); \
  } name SEC(".maps")

ROW_TABLE(disagreeing, struct row_key, struct row_value);
ROW_TABLE(agreeing, struct row_key, struct row_value);
ROW_TABLE(strays, struct stray_key, struct stray_value);

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");

// Set before the object is loaded.
const volatile __u64 event_interval_ns = 1000000000;

// Read by userspace at any time.
__u64 events_told = 0;    // handed to userspace
__u64 events_lost = 0;    // the ring was full
__u64 rows_lost = 0;      // a disagreement or a stray that found no room: a blind spot
__u64 agreeing_lost = 0;  // a packet of a row that found no room among those that agree

static const struct row_value empty_row = {};
static const struct stray_value empty_stray = {};

enum packet_fate { PACKET_DELIVERED, PACKET_DROPPED, PACKET_REFUSED };

// What is to be written of one packet besides its row's key.
struct packet_facts {
  __u64 src_hi, src_lo;  // host order
  __u64 cgroup;          // delivered
  __u32 drop_reason;     // dropped
  __u8 intended;         // VERDICT_*
  __u8 fate;             // enum packet_fate
};

static __always_inline void count(__u64 *counter) { __sync_fetch_and_add(counter, 1); }

// The entry, made when it is not there; NULL: no room.
static __always_inline void *find_or_make(void *map, const void *key, const void *empty) {
  void *entry = bpf_map_lookup_elem(map, key);

  if (entry)
    return entry;
  bpf_map_update_elem(map, key, empty, BPF_NOEXIST);  // or another processor did so
  return bpf_map_lookup_elem(map, key);
}

// Whether this packet is the one of its interval that speaks for the entry.
static __always_inline bool claim_interval(__u64 *told_ns, __u64 now) {
  __u64 told = *(volatile __u64 *)told_ns;

  if (told && now - told < event_interval_ns)
    return false;
  return __sync_val_compare_and_swap(told_ns, told, now) == told;
}

static __always_inline void set_address(__u8 *to, __u64 hi, __u64 lo) {
  ((__be64 *)to)[0] = bpf_cpu_to_be64(hi);
  ((__be64 *)to)[1] = bpf_cpu_to_be64(lo);
}

static __always_inline void tell_row(const struct row_key *key) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

  if (!event) {
    count(&events_lost);
    return;
  }
  __builtin_memset(event, 0, sizeof(*event));
  event->kind = EVENT_ROW;
  event->row = *key;
  bpf_ringbuf_submit(event, 0);
  count(&events_told);
}

static __always_inline void tell_stray(const struct stray_key *key) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

  if (!event) {
    count(&events_lost);
    return;
  }
  event->kind = EVENT_STRAY;
  event->pad = 0;
  event->stray = *key;
  bpf_ringbuf_submit(event, 0);
  count(&events_told);
}

static __always_inline bool is_reachable(__u8 verdict) {
  return verdict == VERDICT_ALLOW || verdict == VERDICT_REDIRECT || verdict == VERDICT_AUTH;
}

// An unknown intent disagrees with nothing; nor does a refusal, for the packet did get there.
static __always_inline bool disagrees(const struct packet_facts *facts) {
  if (facts->fate == PACKET_DELIVERED)
    return facts->intended == VERDICT_DENY;
  return facts->fate == PACKET_DROPPED && is_reachable(facts->intended);
}

static __always_inline void add_packet(struct row_value *row, const struct packet_facts *facts, __u64 now) {
  if (!row->first_ns)
    __sync_val_compare_and_swap(&row->first_ns, 0, now);
  row->intended = facts->intended;
  switch (facts->fate) {
    case PACKET_DELIVERED:
      count(&row->delivered);
      row->last_delivered_ns = now;
      row->cgroup = facts->cgroup;
      break;
    case PACKET_DROPPED:
      count(&row->dropped);
      row->last_dropped_ns = now;
      row->drop_reason = facts->drop_reason;
      break;
    default: count(&row->refused); row->last_refused_ns = now;
  }
}

static __always_inline void record_packet(const struct row_key *key, const struct packet_facts *facts) {
  bool disagreement = disagrees(facts), agreeing_row = false;
  struct row_value *row = bpf_map_lookup_elem(&disagreeing, key);
  __u64 now = bpf_ktime_get_ns();

  if (!row && disagreement) {
    row = find_or_make(&disagreeing, key, &empty_row);
  } else if (!row) {
    row = find_or_make(&agreeing, key, &empty_row);
    agreeing_row = true;
  }
  if (!row) {
    count(disagreement ? &rows_lost : &agreeing_lost);
    return;
  }
  add_packet(row, facts, now);
  // Agreement in a row that disagrees must not take the interval: the next disagreement would go untold.
  if (!(disagreement || agreeing_row) || !claim_interval(&row->told_ns, now))
    return;
  set_address(row->sample, facts->src_hi, facts->src_lo);
  if (disagreement)
    tell_row(key);
}

static __always_inline void record_stray(const struct stray_key *key, __u64 src_hi, __u64 src_lo) {
  struct stray_value *stray = find_or_make(&strays, key, &empty_stray);
  __u64 now = bpf_ktime_get_ns();

  if (!stray) {
    count(&rows_lost);
    return;
  }
  if (!stray->first_ns)
    __sync_val_compare_and_swap(&stray->first_ns, 0, now);
  count(&stray->count);
  stray->last_ns = now;
  if (!claim_interval(&stray->told_ns, now))
    return;
  set_address(stray->sample, src_hi, src_lo);
  tell_stray(key);
}
