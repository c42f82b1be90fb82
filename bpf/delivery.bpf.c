// SPDX-License-Identifier: GPL-2.0
// The delivery witness: a public packet that opens a flow has reached a socket.
//
// Hooks: cgroup_skb/ingress and /egress at the root of cgroup2, data at the IPv6 header. Ingress runs after service
// translation and policy, just before the socket, so it judges the addresses and ports that policy saw. Egress only
// remembers which flows began here (bpf/replies.h). Both always let the packet pass. Of a UDP flow that goes as
// intended one packet a second is looked at, on each processor: what disagrees is counted packet by packet. Owner in
// userspace: agent/datapath/delivery.cpp.
#include "bpf/flows.h"
#include "bpf/kernel.h"
#include "bpf/packet.h"
#include "bpf/record.h"
#include "bpf/replies.h"
#include "bpf/verdict.h"

enum { PASS = 1 };

__u64 unparsed = 0;  // packets for a socket that the parser gave up on

// The packet's socket with all its fields; NULL: it has none, or a mere request for one.
static __always_inline struct bpf_sock *full_socket(struct __sk_buff *skb) {
  struct bpf_sock *sk = skb->sk;

  return sk ? bpf_sk_fullsock(sk) : NULL;
}

static __always_inline bool shakes_hands(const struct bpf_sock *sk) {
  return sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_SCTP;
}

// Whether the socket can be the beginning of a flow: most packets belong to a connected one, and end here.
static __always_inline bool socket_takes_flows(struct __sk_buff *skb) {
  struct bpf_sock *sk = full_socket(skb);

  if (!sk)
    return true;
  if (shakes_hands(sk))
    return sk->state == BPF_TCP_LISTEN;
  return sk->protocol != IPPROTO_UDP || sk->state != BPF_TCP_ESTABLISHED;
}

static __always_inline void take_stray(struct __sk_buff *skb, const struct packet *p) {
  struct stray_key key = {.cgroup = bpf_skb_cgroup_id(skb), .port = p->port, .protocol = p->protocol};

  set_address(key.address, p->dst_hi, p->dst_lo);
  record_stray(&key, p->src_hi, p->src_lo);
}

// A packet from 2000::/3 that opens a flow, or may. True: it went as intended, and so would the next one of its flow.
static __always_inline bool take_delivery(struct __sk_buff *skb, const struct packet *p,
                                          const struct verdict_view *view) {
  const struct table_endpoint *endpoint;
  struct source_class source;

  if (!view->generation)
    return false;
  find_source(view, p->src_hi, p->src_lo, &source);
  if (!source.is_public)
    return true;
  endpoint = find_endpoint(view, p->dst_hi, p->dst_lo);
  if (endpoint) {
    struct row_key key = {.endpoint = endpoint->id, .source = source.id, .port = p->port, .protocol = p->protocol};
    struct packet_facts facts = {.src_hi = p->src_hi,
                                 .src_lo = p->src_lo,
                                 .cgroup = bpf_skb_cgroup_id(skb),
                                 .fate = PACKET_DELIVERED,
                                 .intended = find_verdict(view, endpoint->policy, source.id, p->protocol, p->port)};

    record_packet(&key, &facts);
    return !disagrees(&facts);
  }
  if (is_global_unicast(p->dst_hi))
    take_stray(skb, p);
  return false;
}

// Where the flow of a packet is kept that UDP carries: of a busy one a packet is looked at now and then, the rest pass
// at once (`recent`). NULL: no such packet.
static __always_inline struct known_flow *udp_flow(const struct packet_bytes *bytes, __u32 generation, bool departs,
                                                   struct flow_key *key, bool *recent) {
  struct known_flow *cell = NULL;

  *recent = false;
  if (!take_udp_flow(bytes, key))
    return NULL;
  if (departs)  // between two pods of the node a packet leaves and arrives: no source that is kept begins like this
    key->src[0] = ~key->src[0];
  cell = flow_cell(key);
  *recent = cell && flow_is_recent(cell, key, generation);
  return cell;
}

SEC("cgroup_skb/ingress")
int on_delivered(struct __sk_buff *skb) {
  struct packet_bytes bytes = skb_bytes(skb, 0);
  struct verdict_view view = open_verdicts();
  struct known_flow *cell;
  struct flow_key flow = {};
  struct packet p;
  bool recent;

  if (skb->protocol != bpf_htons(ETH_P_IPV6) || !socket_takes_flows(skb) || is_established_tcp(&bytes))
    return PASS;
  cell = udp_flow(&bytes, view.generation, false, &flow, &recent);
  if (recent)
    return PASS;
  if (parse_packet(&bytes, &p) != PACKET_WHOLE) {
    count(&unparsed);
    return PASS;
  }
  if (!is_global_unicast(p.src_hi) || (p.flow != FLOW_OPENS && p.flow != FLOW_PERHAPS))
    return PASS;
  if (p.flow == FLOW_PERHAPS) {
    if (is_reply(&p))
      return PASS;
    note_arrival(&p);
  }
  if (take_delivery(skb, &p, &view) && cell)
    remember_flow(cell, &flow, view.generation, FATE_JUDGED, VERDICT_UNKNOWN);
  return PASS;
}

SEC("cgroup_skb/egress")
int on_sent(struct __sk_buff *skb) {
  struct packet_bytes bytes = skb_bytes(skb, 0);
  struct bpf_sock *sk = full_socket(skb);
  struct known_flow *cell;
  struct flow_key flow = {};
  struct packet p;
  bool recent;

  // Connected UDP sockets too: the uplink sees their answers without knowing the socket.
  if (skb->protocol != bpf_htons(ETH_P_IPV6) || (sk && shakes_hands(sk)))
    return PASS;
  cell = udp_flow(&bytes, 0, true, &flow, &recent);
  if (recent)
    return PASS;
  if (parse_packet(&bytes, &p) != PACKET_WHOLE || p.flow != FLOW_PERHAPS || !is_global_unicast(p.dst_hi))
    return PASS;
  note_departure(&p);
  if (cell)
    remember_flow(cell, &flow, 0, FATE_ANSWER, VERDICT_UNKNOWN);
  return PASS;
}

char LICENSE[] SEC("license") = "GPL";
