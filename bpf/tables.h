// The verdict tables: the contract between agent/datapath/tables.cpp, which writes them, and every program that judges
// a packet (bpf/verdict.h has the maps and the lookups). Compiles as BPF C and as C++.
//
// Every table has two banks. The bank in force is `generation & 1`; userspace writes the other one and then raises the
// generation, so a program that reads the generation once judges its packet by one intent, never by a mixture. What
// nearly every packet needs is table_front, global data at an address that the program knows; the rest are plain
// arrays, whose lookups the verifier inlines. Userspace writes all of them through mmap.
#pragma once

#include "bpf/abi.h"

enum {
  TABLE_BANKS = 2,
  TABLE_WAYS = 4,           // entries of a bucket
  TABLE_SOURCE_STEPS = 20,  // of a search for a source: up to 2^20 ranges, or blocks of a part
  TABLE_RANGE_STEPS = 17,   // of the search in a port map: up to 2^17 ranges
  TABLE_SOURCE_BUCKETS = 1 << 16,
  TABLE_SOURCE_INDEX = TABLE_SOURCE_BUCKETS + 2,
  TABLE_BLOCK_STARTS = 8,  // of a block of sources: 64 bytes, a line of the cache
  TABLE_FILTER_BITS = 15,  // of an index into table_head's filter
  TABLE_FILTER_WORDS = 1 << (TABLE_FILTER_BITS - 6),
  TABLE_UPLINKS = 64,
  TABLE_UPLINK_PROBES = 8,
};

// model's Verdict and Protocol numbers (agent/model/endpoint.h); asserted in tables.cpp.
enum {
  VERDICT_UNKNOWN = 0,
  VERDICT_DENY = 1,
  VERDICT_ALLOW = 2,
  VERDICT_REDIRECT = 3,
  VERDICT_AUTH = 4,
  VERDICT_COUNT
};
enum { PROTOCOL_ANY = 0 };

// A class that the tables do not hold: the source could not be placed, so every verdict for it is unknown.
#define TABLE_NO_CLASS 0xffffffffU

// What is known of a source in one word: its class with this bit when the class is public, or one of the two below it.
#define TABLE_PUBLIC 0x80000000U
#define TABLE_FINER 0xfffffffeU  // addresses of this start differ: search all `sources`
// Class ids from here on cannot be told by a word.
#define TABLE_CLASS_IDS 0x7ffffffeU

// Where a bank's tables are. All zero before the first intent: no endpoint is found.
struct table_head {
  __u64 seed;           // of the hashes below
  __u32 endpoint_base;  // first element of this bank in `endpoints`, and so on
  __u32 endpoint_mask;  // buckets - 1
  __u32 source_base;
  __u32 index_base;  // in `source_index`
  __u32 cell_base;
  __u32 cell_mask;
  __u32 policy_base;
  __u32 policy_count;
  __u32 range_base;
  __u32 source_count;
  __u32 part_base;   // in `source_parts`
  __u32 block_base;  // in `source_blocks`
  __u32 pad;
  __u64 filter[TABLE_FILTER_WORDS];  // bit filter_bit() is set for every address in `endpoints`
};

// `endpoints` and `cells` are cuckoo hash tables: a key lies in its first bucket or, only when that is full, in its
// second (first_bucket() and second_bucket() of its hash). Free ways are a bucket's last.

// An address of an endpoint. id 0: free.
struct table_endpoint {
  __u64 hi, lo;  // the address, host order
  __u32 id;      // names the endpoint for the life of the process; never reused
  __u32 policy;  // in `policies` of the same bank
  __u16 slot;    // dense; indexes arrays per endpoint; reused only when those are drained
  __u16 pad[3];
};

struct table_endpoints {
  struct table_endpoint ways[TABLE_WAYS];
};

// Sources from this address up to the next entry's.
struct table_source {
  __u64 hi, lo;
  __u32 word;  // the class, TABLE_PUBLIC; or TABLE_NO_CLASS
  __u32 pad;
};

// How a source is found: by its bucket (source_bucket()), by its start among those of the bucket (source_start(), 32
// bits, which tell /51s apart), and, where several ranges share a start, by a search of all `sources`.
enum {
  BUCKET_ONE = 33,     // the word of every address in the bucket
  BUCKET_SEARCH = 64,  // search `sources` from here on; how - BUCKET_SEARCH is the number of those to search, less 1
};
struct table_bucket {
  __u32 first;  // by `how`: the word, an element of `sources`, or the part of start 0
  __u32 how;    // up to 32: a part is start >> how
};

// The blocks that hold the starts of a part, both included.
struct table_part {
  __u32 first, last;
};

// Up to TABLE_BLOCK_STARTS starts of a bucket, ascending; those that are not used repeat the last word.
struct table_block {
  __u32 start[TABLE_BLOCK_STARTS];  // the first block's first is 0
  __u32 word[TABLE_BLOCK_STARTS];   // of the addresses from there on; TABLE_FINER, TABLE_NO_CLASS
};

// A port map: `count` entries of `ranges`. count 0: unknown.
struct table_port_map {
  __u32 first, count;
};

// The port map of one policy for one class. class_id TABLE_NO_CLASS: free.
struct table_cell {
  __u32 policy, class_id;
  struct table_port_map ports;
};

struct table_cells {
  struct table_cell ways[TABLE_WAYS];
};

// What a policy says to the classes that no cell names.
struct table_policy {
  struct table_port_map ports;
};

// From this port of this protocol up to the next entry's; sorted by range_key(). The entries of PROTOCOL_ANY come
// first, and hold for every protocol that has none of its own.
struct table_range {
  __u32 start;  // range_key()
  __u8 verdict;
  __u8 pad[3];
};

// The uplinks that a program is attached to; open addressing by ifindex. ifindex 0: empty.
struct table_uplink {
  __u32 ifindex;
  __u32 slot;  // of its counters; 0 is for packets of any other device
};

// What is looked at before any other table. All zero before the first intent.
struct table_front {
  __u64 generation;  // 0: no intent yet
  struct table_uplink uplinks[TABLE_UPLINKS];
  struct table_head heads[TABLE_BANKS];
};

ABI_ASSERT(sizeof(struct table_head) == 64 + 8 * TABLE_FILTER_WORDS, "table_head layout changed");
ABI_ASSERT(sizeof(struct table_endpoint) == 32, "table_endpoint layout changed");
ABI_ASSERT(ABI_OFFSET(struct table_endpoint, slot) == 24, "table_endpoint layout changed");
ABI_ASSERT(sizeof(struct table_source) == 24, "table_source layout changed");
ABI_ASSERT(sizeof(struct table_bucket) == 8, "table_bucket layout changed");
ABI_ASSERT(sizeof(struct table_part) == 8, "table_part layout changed");
ABI_ASSERT(sizeof(struct table_block) == 64, "table_block layout changed");
ABI_ASSERT(sizeof(struct table_cell) == 16, "table_cell layout changed");
ABI_ASSERT(sizeof(struct table_policy) == 8, "table_policy layout changed");
ABI_ASSERT(sizeof(struct table_range) == 8, "table_range layout changed");
ABI_ASSERT(sizeof(struct table_uplink) == 8, "table_uplink layout changed");

ABI_INLINE __u64 hash_pair(__u64 a, __u64 b, __u64 seed) {
  __u64 h = (a ^ seed) * 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio

  h ^= h >> 32;
  h = (h ^ b) * 0xc2b2ae3d27d4eb4fULL;  // xxHash's second prime
  return h ^ (h >> 29);
}

ABI_INLINE __u32 first_bucket(__u64 hash, __u32 mask) { return (__u32)(hash >> 32) & mask; }

ABI_INLINE __u32 second_bucket(__u64 hash, __u32 mask) { return (__u32)hash & mask; }

// One multiplication (Fibonacci hashing): with 250 endpoints it lets about 1 in 100 other addresses through.
ABI_INLINE __u32 filter_bit(__u64 hi, __u64 lo, __u64 seed) {
  return (__u32)(((hi ^ lo ^ seed) * 0x9e3779b97f4a7c15ULL) >> (64 - TABLE_FILTER_BITS));
}

ABI_INLINE __u32 range_key(__u8 protocol, __u16 port) { return ((__u32)protocol << 16) | port; }

// The bucket of an address: by the 16 bits after 2000::/3's three, and one bucket each for what lies below and above.
ABI_INLINE __u32 source_bucket(__u64 hi) {
  __u32 top = (__u32)(hi >> 61);

  if (top == 1)
    return (__u32)(hi >> 45) & (TABLE_SOURCE_BUCKETS - 1);
  return top == 0 ? TABLE_SOURCE_BUCKETS : TABLE_SOURCE_BUCKETS + 1;
}

// Where an address lies in its bucket, of 2000::/3: the 32 bits behind those that name the bucket.
ABI_INLINE __u32 source_start(__u64 hi) { return (__u32)(hi >> 13); }
