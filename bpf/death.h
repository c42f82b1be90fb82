// What the death witness does with a packet that the kernel frees. BPF only.
//
// Shared by bpf/death.bpf.c, which the kernel calls, and bpf/death_bench.bpf.c, which a benchmark does. Owners in
// userspace: agent/datapath/death.cpp and bench_programs.cpp, which fill the tables of reasons from the kernel's BTF.
#pragma once

#include "bpf/kernel.h"
#include "bpf/packet.h"
#include "bpf/reasons.h"
#include "bpf/record.h"
#include "bpf/replies.h"
#include "bpf/verdict.h"

enum { LONGEST_LINEAR = 65535 + 40, ECHO_REQUEST = 128 };

const volatile __u8 deaths[DEATH_REASONS] = {};
const volatile __u8 subsystem_deaths[DEATH_SUBSYSTEMS] = {};

static __always_inline __u8 death_of(__u32 reason) {
  __u32 subsystem = reason >> DEATH_SUBSYSTEM_SHIFT;

  if (subsystem)
    return subsystem < DEATH_SUBSYSTEMS ? subsystem_deaths[subsystem] : DEATH_DROPPED;
  return reason < DEATH_REASONS ? deaths[reason] : DEATH_DROPPED;
}

// The linear bytes from the network header on. False: there is none.
static __always_inline bool linear_bytes(const struct sk_buff *skb, struct packet_bytes *bytes) {
  const unsigned char *start = skb->head + skb->network_header;
  const unsigned char *end = skb->data + (skb->len - skb->data_len);
  long length = end - start;

  if (length <= 0 || length > LONGEST_LINEAR)
    return false;
  *bytes = kernel_bytes(start, length);
  return true;
}

// Whether the packet asks for something that a policy could name. Of ICMPv6 only the echo request does: what else the
// stack does not know, it frees without a reason.
static __always_inline bool asks(const struct packet *p) {
  if (p->flow == FLOW_OPENS)
    return true;
  if (p->flow != FLOW_PERHAPS)
    return false;
  return p->protocol == IPPROTO_ICMPV6 ? p->port == ECHO_REQUEST : !is_reply(p);
}

static __always_inline void take_death(const struct packet *p, __u32 reason, __u8 death) {
  const struct table_endpoint *endpoint;
  struct source_class source;
  struct verdict_view view = open_verdicts();

  if (!view.generation)
    return;
  endpoint = find_endpoint(&view, p->dst_hi, p->dst_lo);
  if (!endpoint)
    return;
  find_source(&view, p->src_hi, p->src_lo, &source);
  if (source.is_public) {
    struct row_key key = {.endpoint = endpoint->id, .source = source.id, .port = p->port, .protocol = p->protocol};
    struct packet_facts facts = {.src_hi = p->src_hi,
                                 .src_lo = p->src_lo,
                                 .drop_reason = reason,
                                 .fate = death == DEATH_REFUSED ? PACKET_REFUSED : PACKET_DROPPED,
                                 .intended = find_verdict(&view, endpoint->policy, source.id, p->protocol, p->port)};

    record_packet(&key, &facts);
  }
}

// What nearly every packet that dies is: none of ours, as one copy of its first bytes tells. False says nothing:
// parse_packet() does.
static __always_inline bool is_none_of_ours(const struct packet_bytes *bytes) {
  struct verdict_view view = open_verdicts();
  struct {
    struct packet_ipv6 ip;
    struct packet_transport transport;
  } head;

  if (bytes->length < sizeof(head) || !copy_bytes(bytes, 0, &head, sizeof(head)))
    return false;
  if (head.ip.next_header == IPPROTO_TCP && !opens_tcp(head.transport.tcp_flags))
    return true;
  return !is_global_unicast(bpf_be64_to_cpu(head.ip.src[0])) ||
         !may_be_endpoint(&view, bpf_be64_to_cpu(head.ip.dst[0]), bpf_be64_to_cpu(head.ip.dst[1]));
}

// It runs for every packet freed anywhere but by normal consumption, so what is cheap to test comes first. The packet
// may be in any network namespace, on any device.
static __always_inline void look_at_death(const struct sk_buff *skb, __u32 reason) {
  __u8 death = death_of(reason);
  struct packet_bytes bytes;
  struct packet p;

  if (death == DEATH_IGNORED || skb->protocol != bpf_htons(ETH_P_IPV6) || !linear_bytes(skb, &bytes) ||
      is_none_of_ours(&bytes))
    return;
  if (parse_packet(&bytes, &p) == PACKET_WHOLE && is_global_unicast(p.src_hi) && asks(&p))
    take_death(&p, reason, death);
}
