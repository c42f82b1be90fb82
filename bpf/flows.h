// The flows without a handshake (UDP, ICMPv6 requests, other protocols) that were judged not long ago. BPF only.
//
// Direct-mapped, of fixed size, one part for each CPU, so nothing is locked and a flood only makes it forget: a flow
// that is not in it is judged again. Contract: struct known_flow of bpf/books.h.
#pragma once

#include "bpf/books.h"
#include "bpf/kernel.h"
#include "bpf/packet.h"

// Set before load by the object's owner: agent/datapath/{uplink,delivery}.cpp.
const volatile __u64 flow_seed = 0;          // senders cannot choose which flow they displace
const volatile __u64 flow_idle_jiffies = 0;  // a flow that was silent for longer is a new one

// FLOWS_PER_CPU x possible CPUs, for each object that includes this; a CPU writes only its own part. Can be mapped only
// so that cells begin at lines.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, FLOWS_PER_CPU);
  __type(key, __u32);
  __type(value, struct known_flow);
} known_flows SEC(".maps");

static __always_inline struct flow_key flow_of(const struct packet *p) {
  return (struct flow_key){.src = {bpf_cpu_to_be64(p->src_hi), bpf_cpu_to_be64(p->src_lo)},
                           .dst = {bpf_cpu_to_be64(p->dst_hi), bpf_cpu_to_be64(p->dst_lo)},
                           .ports = bpf_htonl((__u32)p->src_port << 16 | p->port),
                           .protocol = p->protocol};
}

// The flow of the second most frequent packet, told by the fewest reads: UDP right behind the IPv6 header, in the
// linear part. False says nothing: parse_packet() does.
static __always_inline bool take_udp_flow(const struct packet_bytes *bytes, struct flow_key *out) {
  const struct packet_ipv6 *ip = direct_bytes(bytes, 0, sizeof(*ip) + UDP_LEAST);

  if (!ip || ip->next_header != IPPROTO_UDP || ip->version_class >> 4 != 6 ||
      claimed_length(bytes, ip) < sizeof(*ip) + UDP_LEAST)
    return false;
  *out = (struct flow_key){.src = {ip->src[0], ip->src[1]},
                           .dst = {ip->dst[0], ip->dst[1]},
                           .ports = *(const __u32 *)(ip + 1),
                           .protocol = IPPROTO_UDP};
  return true;
}

// Where this flow is kept, if it is.
static __always_inline struct known_flow *flow_cell(const struct flow_key *key) {
  __u64 hash = hash_pair(key->src[0] ^ key->dst[1], key->src[1] ^ key->ports, flow_seed);
  __u32 index = bpf_get_smp_processor_id() * FLOWS_PER_CPU + ((__u32)(hash >> 16) & (FLOWS_PER_CPU - 1));

  return bpf_map_lookup_elem(&known_flows, &index);
}

static __always_inline bool is_flow(const struct flow_key *key, const struct flow_key *other) {
  return key->src[1] == other->src[1] && key->src[0] == other->src[0] && key->dst[1] == other->dst[1] &&
         key->dst[0] == other->dst[0] && key->ports == other->ports && key->protocol == other->protocol;
}

static __always_inline bool flow_is_kept(const struct known_flow *cell, const struct flow_key *key, __u32 generation,
                                         __u64 now) {
  return is_flow(&cell->key, key) && cell->generation == generation && now - cell->seen < flow_idle_jiffies;
}

// Whether tables of this generation judged the flow and it was not silent for long since; if so it was seen now.
static __always_inline bool flow_is_known(struct known_flow *cell, const struct flow_key *key, __u32 generation) {
  __u64 now = bpf_jiffies64();

  if (!flow_is_kept(cell, key, generation, now))
    return false;
  cell->seen = now;
  return true;
}

// The same of a flow that is to be looked at again from time to time, however busy it is.
static __always_inline bool flow_is_recent(const struct known_flow *cell, const struct flow_key *key,
                                           __u32 generation) {
  return flow_is_kept(cell, key, generation, bpf_jiffies64());
}

static __always_inline void remember_flow(struct known_flow *cell, const struct flow_key *key, __u32 generation,
                                          __u8 fate, __u8 verdict) {
  cell->key = *key;
  cell->seen = bpf_jiffies64();
  cell->generation = generation;
  cell->fate = fate;
  cell->verdict = verdict;
}
