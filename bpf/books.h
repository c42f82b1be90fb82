// The books of the uplink programs: what they count and how it lies in the maps. The contract between bpf/uplink.bpf.c
// and agent/datapath/{uplink,attempts,sources}.cpp. Compiles as BPF C and as C++.
#pragma once

#include "bpf/abi.h"
#include "bpf/tables.h"

// model's PacketFate (agent/model/observation.h); asserted in uplink.cpp.
enum {
  FATE_NOT_IPV6,
  FATE_OTHER_DESTINATION,
  FATE_ESTABLISHED,
  FATE_KNOWN_FLOW,
  FATE_JUDGED,
  FATE_LATER_FRAGMENT,
  FATE_MALFORMED,
  FATE_UNSUPPORTED_HEADER,
  FATE_NOT_PUBLIC,
  FATE_ANSWER,
  FATE_CONTROL,
  FATE_COUNT
};

// The protocols that are told apart where memory is an array.
enum { BOOK_TCP, BOOK_UDP, BOOK_SCTP, BOOK_ICMPV6, BOOK_OTHER, BOOK_PROTOCOLS };

enum {
  UPLINK_CELLS = (int)FATE_COUNT * (int)VERDICT_COUNT * (int)BOOK_PROTOCOLS,
  UPLINK_SLOTS = 17,  // slot 0: packets of a device that `uplinks` does not name
  FLOWS_PER_CPU = 2048,
  ATTEMPT_BANKS = 2,
  ATTEMPT_PROBES = 16,
  ATTEMPT_REST_CELLS = (int)BOOK_PROTOCOLS * (int)VERDICT_COUNT,  // of an endpoint's slot
  SKETCH_TABLES = 2,                                              // /48 and /64
  SKETCH_SETS = 512,                                              // a table and CPU
  SKETCH_WAYS = 4,
};

// Every packet is in exactly one of these. Verdicts other than 0 only with FATE_JUDGED and FATE_KNOWN_FLOW.
// Indexed by uplink_cell().
struct uplink_counts {
  __u64 packets[UPLINK_CELLS];
};

// Addresses and ports as they lie in a packet.
struct flow_key {
  __u64 src[2], dst[2];
  __u32 ports;  // source and destination; ICMPv6: 0 and the type
  __u32 protocol;
};

// A flow without a handshake that was judged not long ago; a direct-mapped cache of each CPU's own. A line of cache.
struct known_flow {
  struct flow_key key;
  __u64 seen;        // jiffies
  __u32 generation;  // of the tables that judged it
  __u8 fate;         // FATE_JUDGED, FATE_NOT_PUBLIC, FATE_ANSWER
  __u8 verdict;
  __u8 pad[10];
};

// Packets that asked for a new flow: one cell for each attempt_key(). key 0: free.
struct attempt {
  __u64 key;
  __u64 packets;
  __u64 last_ns;  // CLOCK_MONOTONIC_COARSE
};

// The same for all ports that found no cell, by attempt_rest().
struct attempt_rest {
  __u64 packets;
  __u64 last_ns;
};

// Fill of a bank of attempts.
struct attempt_bank {
  __u64 used;
  __u64 rest;  // packets that went to the cells of attempt_rest
};

// Space-Saving (Metwally, Agrawal, El Abbadi 2005) within a set: count - error <= true count <= count.
struct sketch_way {
  __u64 prefix;  // the first 64 bits of the source, /48 or /64
  __u64 key;     // attempt_key(); 0: free
  __u64 count;
  __u64 error;
};

struct sketch_set {
  struct sketch_way ways[SKETCH_WAYS];
};

ABI_ASSERT(sizeof(struct uplink_counts) == 2200, "uplink_counts layout changed");
ABI_ASSERT(sizeof(struct known_flow) == 64, "known_flow layout changed");
ABI_ASSERT(ABI_OFFSET(struct known_flow, seen) == 40, "known_flow layout changed");
ABI_ASSERT(sizeof(struct attempt) == 24, "attempt layout changed");
ABI_ASSERT(sizeof(struct attempt_rest) == 16, "attempt_rest layout changed");
ABI_ASSERT(sizeof(struct sketch_set) == 128, "sketch_set layout changed");

ABI_INLINE __u32 book_protocol(__u8 protocol) {
  switch (protocol) {
    case 6: return BOOK_TCP;
    case 17: return BOOK_UDP;
    case 132: return BOOK_SCTP;
    case 58: return BOOK_ICMPV6;
    default: return BOOK_OTHER;
  }
}

ABI_INLINE __u32 uplink_cell(__u32 fate, __u32 verdict, __u32 book) {
  return (fate * VERDICT_COUNT + verdict) * BOOK_PROTOCOLS + book;
}

// `endpoint` is table_endpoint's id, never 0: so no key is 0.
ABI_INLINE __u64 attempt_key(__u32 endpoint, __u8 protocol, __u8 verdict, __u16 port) {
  return (__u64)endpoint << 32 | (__u64)port << 16 | (__u64)protocol << 8 | verdict;
}

ABI_INLINE __u32 attempt_bucket(__u64 key, __u64 seed) { return (__u32)(hash_pair(key, 0, seed) >> 16); }

ABI_INLINE __u32 attempt_rest_index(__u16 slot, __u32 book, __u8 verdict) {
  return (__u32)slot * ATTEMPT_REST_CELLS + book * VERDICT_COUNT + verdict;
}

// The set of a key in one CPU's part of a table.
ABI_INLINE __u32 sketch_index(__u32 table, __u32 cpu, __u32 cpus, __u64 prefix, __u64 key, __u64 seed) {
  return (table * cpus + cpu) * SKETCH_SETS + ((__u32)(hash_pair(prefix, key, seed) >> 16) & (SKETCH_SETS - 1));
}

// Of a source's first 64 bits, those that the table keeps.
ABI_INLINE __u64 sketch_prefix(__u32 table, __u64 hi) { return table == 0 ? hi & ~0xffffULL : hi; }
