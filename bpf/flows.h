// The flows without a handshake (UDP, ICMPv6 requests, other protocols) that were judged not long ago. BPF only.
//
// Direct-mapped, of fixed size, one part for each CPU, so nothing is locked and a flood only makes it forget: a flow
// that is not in it is judged again. Contract: struct known_flow of bpf/books.h.
#pragma once

#include "bpf/books.h"
#include "bpf/kernel.h"
#include "bpf/packet.h"

// Set before load by agent/datapath/uplink.cpp.
const volatile __u64 flow_seed = 0;          // senders cannot choose which flow they displace
const volatile __u64 flow_idle_jiffies = 0;  // a flow that was silent for longer is a new one

// FLOWS_PER_CPU x possible CPUs; a CPU writes only its own part.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FLOWS_PER_CPU);
  __type(key, __u32);
  __type(value, struct known_flow);
} known_flows SEC(".maps");

static __always_inline __u32 flow_ports(const struct packet *packet) {
  return (__u32)packet->src_port << 16 | packet->port;
}

// Where this packet's flow is kept, if it is.
static __always_inline struct known_flow *flow_cell(const struct packet *packet) {
  __u64 ports = (__u64)flow_ports(packet) << 32;
  __u64 flow = hash_pair(packet->src_hi ^ packet->dst_lo, packet->src_lo ^ ports, flow_seed);
  __u32 index = bpf_get_smp_processor_id() * FLOWS_PER_CPU + ((__u32)(flow >> 16) & (FLOWS_PER_CPU - 1));

  return bpf_map_lookup_elem(&known_flows, &index);
}

static __always_inline bool flow_is_known(const struct known_flow *cell, const struct packet *packet, __u32 generation,
                                          __u64 now) {
  return cell->src_lo == packet->src_lo && cell->src_hi == packet->src_hi && cell->dst_lo == packet->dst_lo &&
         cell->dst_hi == packet->dst_hi && cell->ports == flow_ports(packet) && cell->protocol == packet->protocol &&
         cell->generation == generation && now - cell->seen < flow_idle_jiffies;
}

static __always_inline void remember_flow(struct known_flow *cell, const struct packet *packet, __u32 generation,
                                          __u64 now, __u8 fate, __u8 verdict) {
  cell->src_hi = packet->src_hi;
  cell->src_lo = packet->src_lo;
  cell->dst_hi = packet->dst_hi;
  cell->dst_lo = packet->dst_lo;
  cell->seen = now;
  cell->ports = flow_ports(packet);
  cell->generation = generation;
  cell->protocol = packet->protocol;
  cell->fate = fate;
  cell->verdict = verdict;
}
