// Books one packet that asked for a new flow: who was tried, on which port, and from where. BPF only.
//
// Memory is fixed. An attempt that finds no cell of its own is booked for its endpoint, protocol and verdict without
// the port, so the sums stay exact; a source that finds no way in its set inherits the least count there, as an error
// that is stated. Nothing is inserted per source. Contract: bpf/books.h.
#pragma once

#include "bpf/books.h"
#include "bpf/kernel.h"
#include "bpf/packet.h"

// Set before load by agent/datapath/uplink.cpp.
const volatile __u64 book_seed = 0;      // unknown to senders, so that they cannot choose buckets
const volatile __u32 book_cpus = 1;      // possible CPUs
const volatile __u32 attempt_mask = 0;   // buckets of a bank - 1
const volatile __u64 attempt_limit = 0;  // cells of a bank that may be used

// Userspace points writers to the other bank, waits for those still at the old one, and empties that.
volatile __u32 attempt_bank_in_use = 0;
struct attempt_bank attempt_banks[ATTEMPT_BANKS] = {};

// ATTEMPT_BANKS x (attempt_mask + 1) cells. Written by programs; emptied by userspace, a bank at a time.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct attempt);
} attempts SEC(".maps");

// Endpoint slots x BOOK_PROTOCOLS x VERDICT_COUNT. Written by programs; a slot's part is emptied before it is reused.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct attempt_rest);
} attempts_rest SEC(".maps");

// SKETCH_TABLES x CPUs x SKETCH_SETS; a CPU writes only its own part.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct sketch_set);
} source_sketch SEC(".maps");

// The cell of a key, taken if it is new; NULL: there is none left within reach.
static __always_inline struct attempt *find_attempt(__u32 bank, __u64 key) {
  __u32 at = attempt_bucket(key, book_seed);

  for (__u32 i = 0; i < ATTEMPT_PROBES; i++) {
    __u32 index = bank * (attempt_mask + 1) + ((at + i) & attempt_mask);
    struct attempt *cell = bpf_map_lookup_elem(&attempts, &index);
    __u64 found;

    if (!cell)
      return NULL;
    found = *(volatile __u64 *)&cell->key;
    if (!found) {
      if (*(volatile __u64 *)&attempt_banks[bank].used >= attempt_limit)
        return NULL;
      found = __sync_val_compare_and_swap(&cell->key, 0, key);
      if (!found) {
        __sync_fetch_and_add(&attempt_banks[bank].used, 1);
        return cell;
      }
    }
    if (found == key)
      return cell;
  }
  return NULL;
}

static __always_inline void book_rest(__u16 slot, __u8 protocol, __u8 verdict, __u32 bank, __u64 now) {
  __u32 index = attempt_rest_index(slot, book_protocol(protocol), verdict);
  struct attempt_rest *cell = bpf_map_lookup_elem(&attempts_rest, &index);

  __sync_fetch_and_add(&attempt_banks[bank].rest, 1);
  if (!cell)
    return;
  __sync_fetch_and_add(&cell->packets, 1);
  cell->last_ns = now;
}

static __always_inline void book_source(__u32 table, __u64 src_hi, __u64 key) {
  __u64 prefix = sketch_prefix(table, src_hi);
  __u32 index = sketch_index(table, bpf_get_smp_processor_id(), book_cpus, prefix, key, book_seed);
  struct sketch_set *set = bpf_map_lookup_elem(&source_sketch, &index);
  struct sketch_way *least;

  if (!set)
    return;
  least = &set->ways[0];
#pragma unroll
  for (int i = 0; i < SKETCH_WAYS; i++) {
    struct sketch_way *way = &set->ways[i];

    if (way->prefix == prefix && way->key == key) {
      way->count++;
      return;
    }
    if (way->count < least->count)
      least = way;
  }
  least->prefix = prefix;
  least->key = key;
  least->error = least->count;
  least->count++;
}

// A function of its own, which the verifier proves once. `wanted`: range_key().
__attribute__((noinline)) int write_attempt(__u32 endpoint, __u32 slot, __u64 src_hi, __u32 wanted, __u32 verdict) {
  __u64 key = attempt_key(endpoint, wanted >> 16, verdict, wanted);
  __u64 now = bpf_ktime_get_coarse_ns();
  __u32 bank = attempt_bank_in_use & (ATTEMPT_BANKS - 1);
  struct attempt *cell = find_attempt(bank, key);

  if (cell) {
    __sync_fetch_and_add(&cell->packets, 1);
    cell->last_ns = now;
  } else {
    book_rest(slot, wanted >> 16, verdict, bank, now);
  }
  book_source(0, src_hi, key);
  book_source(1, src_hi, key);
  return 0;
}

static __always_inline void book_attempt(const struct table_endpoint *endpoint, const struct packet *packet,
                                         __u8 verdict) {
  write_attempt(endpoint->id, endpoint->slot, packet->src_hi, range_key(packet->protocol, packet->port), verdict);
}
