// SPDX-License-Identifier: GPL-2.0
// Watches what arrives at an uplink: judges what asks for a new flow by the verdict tables, and books every packet in
// exactly one fate. Observes only: always TCX_NEXT, nothing of the packet is written.
//
// Hook:     tcx/ingress at the head of the chain, or clsact ingress; one program for links with an Ethernet header and
//           one for those without. Sees packets after GRO and before service translation and policy.
// Contract: bpf/tables.h, bpf/books.h.   Owner in userspace: agent/datapath/uplink.cpp.
#include "bpf/attempts.h"
#include "bpf/books.h"
#include "bpf/flows.h"
#include "bpf/kernel.h"
#include "bpf/packet.h"
#include "bpf/replies.h"
#include "bpf/verdict.h"

enum { VLAN_TAGS = 2 };  // in the packet; the outermost is mostly in the skb, where it needs no parsing

// UPLINK_SLOTS; a slot per uplink (2200 bytes a CPU each).
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, UPLINK_SLOTS);
  __type(key, __u32);
  __type(value, struct uplink_counts);
} uplink_books SEC(".maps");

struct vlan_tag {
  __be16 control, protocol;
};

struct outcome {
  __u8 fate;
  __u8 verdict;  // with FATE_JUDGED and FATE_KNOWN_FLOW
};

static __always_inline int count(struct __sk_buff *skb, __u32 fate, __u32 verdict, __u32 book) {
  __u32 slot = find_uplink(skb->ifindex), cell = uplink_cell(fate, verdict, book);
  struct uplink_counts *counts = bpf_map_lookup_elem(&uplink_books, &slot);

  barrier_var(cell);  // the verifier wants to see the test of what is used
  if (counts && cell < UPLINK_CELLS)
    counts->packets[cell]++;
  return TCX_NEXT;
}

// The source is no public one, or answers what was sent, or its attempt is judged and booked.
static __always_inline struct outcome judge_new(const struct verdict_view *view, const struct table_endpoint *endpoint,
                                                const struct packet *packet) {
  struct outcome outcome = {.fate = FATE_NOT_PUBLIC};
  struct source_class source;

  if (!is_global_unicast(packet->src_hi))
    return outcome;
  find_source(view, packet->src_hi, packet->src_lo, &source);
  if (!source.is_public)
    return outcome;
  if (packet->flow == FLOW_PERHAPS && is_reply(packet)) {
    outcome.fate = FATE_ANSWER;
    return outcome;
  }
  outcome.fate = FATE_JUDGED;
  outcome.verdict = find_verdict(view, endpoint->policy, source.id, packet->protocol, packet->port);
  book_attempt(endpoint, packet, outcome.verdict);
  return outcome;
}

static __always_inline struct outcome outcome_of(const struct known_flow *flow) {
  return (struct outcome){.fate = flow->fate == FATE_JUDGED ? FATE_KNOWN_FLOW : flow->fate, .verdict = flow->verdict};
}

// A packet without a handshake is judged unless its flow was, not long ago and by the tables that are in force.
static __always_inline struct outcome judge(const struct verdict_view *view, const struct packet *packet) {
  struct outcome outcome = {.fate = FATE_OTHER_DESTINATION};
  const struct table_endpoint *endpoint;
  struct flow_key flow = flow_of(packet);
  struct known_flow *cell = NULL;

  if (packet->flow == FLOW_PERHAPS) {
    cell = flow_cell(&flow);
    if (cell && flow_is_known(cell, &flow, view->generation))
      return outcome_of(cell);
  }
  endpoint = find_endpoint(view, packet->dst_hi, packet->dst_lo);
  if (!endpoint)
    return outcome;
  outcome = judge_new(view, endpoint, packet);
  if (cell)
    remember_flow(cell, &flow, view->generation, outcome.fate, outcome.verdict);
  return outcome;
}

// Of UDP whose flow was judged not long ago.
static __always_inline bool know_udp(const struct packet_bytes *bytes, const struct verdict_view *view,
                                     struct outcome *out) {
  struct known_flow *cell;
  struct flow_key flow;

  if (!take_udp_flow(bytes, &flow))
    return false;
  cell = flow_cell(&flow);
  if (!cell || !flow_is_known(cell, &flow, view->generation))
    return false;
  *out = outcome_of(cell);
  return true;
}

// The header where it lies, of TCP or UDP without extension headers: its destination can be asked for before the rest
// is read. NULL: parse_packet() must find out.
static __always_inline const struct packet_ipv6 *plain_header(const struct packet_bytes *bytes) {
  const struct packet_ipv6 *ip = direct_bytes(bytes, 0, sizeof(*ip));

  if (!ip || ip->version_class >> 4 != 6)
    return NULL;
  return ip->next_header == IPPROTO_TCP || ip->next_header == IPPROTO_UDP ? ip : NULL;
}

// `start` is the offset of an IPv6 header.
static __always_inline int look_at_ipv6(struct __sk_buff *skb, __u32 start) {
  struct packet_bytes bytes = skb_bytes(skb, start);
  const struct packet_ipv6 *plain;
  struct verdict_view view = open_verdicts();
  struct outcome outcome;
  struct packet packet;
  __u32 book;

  if (is_established_tcp(&bytes))
    return count(skb, FATE_ESTABLISHED, 0, BOOK_TCP);
  if (know_udp(&bytes, &view, &outcome))
    return count(skb, outcome.fate, outcome.verdict, BOOK_UDP);
  plain = plain_header(&bytes);
  if (plain && !may_be_endpoint(&view, bpf_be64_to_cpu(plain->dst[0]), bpf_be64_to_cpu(plain->dst[1])))
    return count(skb, FATE_OTHER_DESTINATION, 0, book_protocol(plain->next_header));
  switch (parse_packet(&bytes, &packet)) {
    case PACKET_WHOLE: break;
    case PACKET_LATER_FRAGMENT: return count(skb, FATE_LATER_FRAGMENT, 0, book_protocol(packet.protocol));
    case PACKET_UNSUPPORTED_HEADER: return count(skb, FATE_UNSUPPORTED_HEADER, 0, BOOK_OTHER);
    default: return count(skb, FATE_MALFORMED, 0, BOOK_OTHER);
  }
  book = book_protocol(packet.protocol);
  if (packet.flow == FLOW_CONTINUES)
    return count(skb, FATE_ESTABLISHED, 0, book);
  if (packet.flow == FLOW_NONE)
    return count(skb, FATE_CONTROL, 0, book);

  if (!plain && !may_be_endpoint(&view, packet.dst_hi, packet.dst_lo))
    return count(skb, FATE_OTHER_DESTINATION, 0, book);
  outcome = judge(&view, &packet);
  return count(skb, outcome.fate, outcome.verdict, book);
}

static __always_inline bool is_vlan(__be32 protocol) {
  return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

SEC("tc")
int sextant_uplink(struct __sk_buff *skb) {
  __be32 protocol = skb->protocol;
  __u32 start = ETH_HLEN;

  for (int i = 0; i < VLAN_TAGS && is_vlan(protocol); i++) {
    struct vlan_tag tag;

    if (bpf_skb_load_bytes(skb, start, &tag, sizeof(tag)))
      return count(skb, FATE_MALFORMED, 0, BOOK_OTHER);
    protocol = tag.protocol;
    start += sizeof(tag);
  }
  if (is_vlan(protocol))
    return count(skb, FATE_UNSUPPORTED_HEADER, 0, BOOK_OTHER);
  if (protocol != bpf_htons(ETH_P_IPV6))
    return count(skb, FATE_NOT_IPV6, 0, BOOK_OTHER);
  return look_at_ipv6(skb, start);
}

SEC("tc")
int sextant_l3_uplink(struct __sk_buff *skb) {
  if (skb->protocol != bpf_htons(ETH_P_IPV6))
    return count(skb, FATE_NOT_IPV6, 0, BOOK_OTHER);
  return look_at_ipv6(skb, 0);
}

char LICENSE[] SEC("license") = "GPL";
