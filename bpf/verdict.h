// The verdict tables as programs read them: the maps, and the way from a packet's addresses to its verdict. BPF only.
//
// Layouts and rules: bpf/tables.h. Writer: agent/datapath/tables.cpp, which owns the maps (made by bpf/tables.bpf.c)
// and sizes them at load; every other object reuses them by descriptor. max_entries here are the least that load.
//
// Usage, once a packet: `struct verdict_view view = open_verdicts();` then may_be_endpoint(), find_endpoint(),
// find_source(), find_verdict(). NULL, false or VERDICT_UNKNOWN mean "the tables do not say", never "allowed".
#pragma once

#include "bpf/kernel.h"
#include "bpf/tables.h"

#define VERDICT_TABLE(name, type_of_value, entries) \
  struct { \
    __uint(type, BPF_MAP_TYPE_ARRAY); \
    __uint(map_flags, BPF_F_MMAPABLE); \
    __uint(max_entries, entries); \
    __type(key, __u32); \
    __type(value, type_of_value); \
  } name SEC(".maps")

VERDICT_TABLE(endpoints, struct table_endpoints, TABLE_BANKS);                      // half of Sizes::endpoints a bank
VERDICT_TABLE(sources, struct table_source, TABLE_BANKS);                           // Sizes::source_ranges a bank
VERDICT_TABLE(source_index, struct table_bucket, TABLE_BANKS *TABLE_SOURCE_INDEX);  // 1 MiB for both
VERDICT_TABLE(source_parts, struct table_part, TABLE_BANKS);                        // Sizes::source_ranges / 4 a bank
VERDICT_TABLE(source_blocks, struct table_block, TABLE_BANKS);                      // Sizes::source_ranges / 6 a bank
VERDICT_TABLE(cells, struct table_cells, TABLE_BANKS);                              // half of Sizes::cells a bank
VERDICT_TABLE(policies, struct table_policy, TABLE_BANKS);                          // Sizes::endpoints a bank
VERDICT_TABLE(ranges, struct table_range, TABLE_BANKS);                             // Sizes::port_ranges a bank

struct table_front front SEC(".data.verdicts") = {};  // 9 KiB

// The bank in force, for the length of one packet.
struct verdict_view {
  const struct table_head *head;
  __u32 generation;  // 0: no intent yet
};

struct source_class {
  __u32 id;        // ClassId, or TABLE_NO_CLASS: the tables do not say
  bool is_public;  // of the class; the address itself must also lie in 2000::/3
};

// The searches are functions of their own, which the verifier proves once each, not once for each way that leads there.
// They take numbers only, as such functions must.
#define SEARCH __attribute__((noinline))

static __always_inline const struct table_head *verdict_head(__u32 of_generation) {
  return &front.heads[of_generation & (TABLE_BANKS - 1)];
}

static __always_inline struct verdict_view open_verdicts(void) {
  __u32 generation = (__u32) * (const volatile __u64 *)&front.generation;

  return (struct verdict_view){.head = verdict_head(generation), .generation = generation};
}

// False: no endpoint holds this address. What is not for this node ends here, without a hash and without a bucket.
static __always_inline bool may_be_endpoint(const struct verdict_view *view, __u64 hi, __u64 lo) {
  __u32 bit = filter_bit(hi, lo, view->head->seed);

  return view->head->filter[bit >> 6] >> (bit & 63) & 1;
}

// The endpoint that holds this address; NULL: none does.
static __always_inline const struct table_endpoint *find_endpoint(const struct verdict_view *view, __u64 hi, __u64 lo) {
  const struct table_head *head = view->head;
  __u64 hash = hash_pair(hi, lo, head->seed);
  __u32 key = head->endpoint_base + first_bucket(hash, head->endpoint_mask);

  for (int turn = 0; turn < 2; turn++) {
    const struct table_endpoints *bucket = bpf_map_lookup_elem(&endpoints, &key);

    if (!bucket)
      return NULL;
#pragma unroll
    for (int i = 0; i < TABLE_WAYS; i++) {
      const struct table_endpoint *entry = &bucket->ways[i];

      if (!entry->id)
        return NULL;
      if (entry->lo == lo && entry->hi == hi)
        return entry;
    }
    key = head->endpoint_base + second_bucket(hash, head->endpoint_mask);
  }
  return NULL;
}

// In 2000::/3. What is not can be of no public class.
static __always_inline bool is_global_unicast(__u64 hi) { return hi >> 61 == 1; }

// The word of the last of `count` elements of `sources` from `first` on that begins at the address or before it.
SEARCH __u32 search_sources(__u64 hi, __u64 lo, __u32 first, __u32 count) {
  const struct table_source *range;
  __u32 last = first + count - 1;

  for (int i = 0; i < TABLE_SOURCE_STEPS && first < last; i++) {
    __u32 middle = first + (last - first + 1) / 2;

    range = bpf_map_lookup_elem(&sources, &middle);
    if (!range)
      return TABLE_NO_CLASS;
    if (range->hi < hi || (range->hi == hi && range->lo <= lo))
      first = middle;
    else
      last = middle - 1;
  }
  range = bpf_map_lookup_elem(&sources, &first);
  return range && first == last ? range->word : TABLE_NO_CLASS;
}

// 1 when a <= b, else 0; without a jump, which would be taken by chance.
static __always_inline __u32 not_above(__u32 a, __u32 b) { return ((__u64)a - b - 1) >> 63; }

// The word of a start, in the blocks from `first` to `last`; the first begins at the start or before it.
SEARCH __u32 search_blocks(__u32 start, __u32 first, __u32 last) {
  const struct table_block *block;
  __u32 at = 0;

  for (int i = 0; i < TABLE_SOURCE_STEPS && first < last; i++) {
    __u32 middle = first + (last - first + 1) / 2;

    block = bpf_map_lookup_elem(&source_blocks, &middle);
    if (!block)
      return TABLE_NO_CLASS;
    if (block->start[0] <= start)
      first = middle;
    else
      last = middle - 1;
  }
  block = bpf_map_lookup_elem(&source_blocks, &first);
  if (!block || first != last)
    return TABLE_NO_CLASS;
#pragma unroll
  for (int i = 1; i < TABLE_BLOCK_STARTS; i++)
    at += not_above(block->start[i], start);
  return block->word[at & (TABLE_BLOCK_STARTS - 1)];
}

static __always_inline __u32 source_word(const struct verdict_view *view, __u64 hi, __u64 lo) {
  const struct table_head *head = view->head;
  __u32 key = head->index_base + source_bucket(hi), start = source_start(hi), word;
  const struct table_bucket *bucket = bpf_map_lookup_elem(&source_index, &key);
  const struct table_part *part;

  if (!bucket || !head->source_count)
    return TABLE_NO_CLASS;
  if (bucket->how == BUCKET_ONE)
    return bucket->first;
  if (bucket->how >= BUCKET_SEARCH)
    return search_sources(hi, lo, head->source_base + bucket->first, bucket->how - BUCKET_SEARCH + 1);
  key = head->part_base + bucket->first + (__u32)((__u64)start >> (bucket->how & 63));
  part = bpf_map_lookup_elem(&source_parts, &key);
  if (!part)
    return TABLE_NO_CLASS;
  word = search_blocks(start, head->block_base + part->first, head->block_base + part->last);
  return word == TABLE_FINER ? search_sources(hi, lo, head->source_base, head->source_count) : word;
}

// The class of a source. False: the tables do not say; out->id is then TABLE_NO_CLASS, and out->is_public whether the
// address is global unicast, as what is not known must not be hidden.
static __always_inline bool find_source(const struct verdict_view *view, __u64 hi, __u64 lo, struct source_class *out) {
  __u32 word = source_word(view, hi, lo);

  out->id = TABLE_NO_CLASS;
  out->is_public = is_global_unicast(hi);
  if (word == TABLE_NO_CLASS)
    return false;
  out->id = word & ~TABLE_PUBLIC;
  out->is_public = word & TABLE_PUBLIC;
  return true;
}

static __always_inline struct table_port_map find_port_map(const struct table_head *head, __u32 policy,
                                                           __u32 class_id) {
  __u64 hash = hash_pair(policy, class_id, head->seed);
  __u32 key = head->cell_base + first_bucket(hash, head->cell_mask);
  const struct table_policy *otherwise;
  struct table_port_map unknown = {};

  if (class_id == TABLE_NO_CLASS || policy >= head->policy_count)
    return unknown;
  for (int turn = 0; turn < 2; turn++) {
    const struct table_cells *bucket = bpf_map_lookup_elem(&cells, &key);

    if (!bucket)
      return unknown;
#pragma unroll
    for (int i = 0; i < TABLE_WAYS; i++) {
      const struct table_cell *cell = &bucket->ways[i];

      if (cell->class_id == TABLE_NO_CLASS)
        goto not_named;
      if (cell->policy == policy && cell->class_id == class_id)
        return cell->ports;
    }
    key = head->cell_base + second_bucket(hash, head->cell_mask);
  }
not_named:
  key = head->policy_base + policy;
  otherwise = bpf_map_lookup_elem(&policies, &key);
  return otherwise ? otherwise->ports : unknown;
}

// `wanted`: range_key().
SEARCH __u32 search_verdict(__u32 of_generation, __u32 policy, __u32 class_id, __u32 wanted) {
  const struct table_head *head = verdict_head(of_generation);
  const struct table_range *range;
  struct table_port_map map;
  __u32 base, first = 0, last, key;

  map = find_port_map(head, policy, class_id);
  if (!map.count)
    return VERDICT_UNKNOWN;
  base = head->range_base + map.first;
  last = map.count - 1;
  for (int i = 0; i < TABLE_RANGE_STEPS && first < last; i++) {
    __u32 middle = (first + last + 1) / 2;

    key = base + middle;
    range = bpf_map_lookup_elem(&ranges, &key);
    if (!range)
      return VERDICT_UNKNOWN;
    if (range->start <= wanted)
      first = middle;
    else
      last = middle - 1;
  }
  key = base + first;
  range = bpf_map_lookup_elem(&ranges, &key);
  if (range && range->start <= wanted && range->start >> 16 == wanted >> 16)
    return range->verdict;
  range = bpf_map_lookup_elem(&ranges, &base);  // the protocol has no range of its own
  return range && range->start >> 16 == PROTOCOL_ANY ? range->verdict : VERDICT_UNKNOWN;
}

// The verdict of a policy for a source class, protocol and port (ICMPv6: the type; without ports: 0).
static __always_inline __u8 find_verdict(const struct verdict_view *view, __u32 policy, __u32 class_id, __u8 protocol,
                                         __u16 port) {
  __u32 verdict = search_verdict(view->generation, policy, class_id, range_key(protocol, port));

  return verdict < VERDICT_COUNT ? verdict : VERDICT_UNKNOWN;
}

// The slot of an uplink's counters; 0: no program of ours is attached to this device.
static __always_inline __u32 find_uplink(__u32 ifindex) {
  for (__u32 i = 0; i < TABLE_UPLINK_PROBES; i++) {
    const struct table_uplink *uplink = &front.uplinks[(ifindex + i) & (TABLE_UPLINKS - 1)];

    if (!uplink->ifindex)
      return 0;
    if (uplink->ifindex == ifindex)
      return uplink->slot;
  }
  return 0;
}
