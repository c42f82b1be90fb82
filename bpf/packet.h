// The IPv6 packet parser that every hook shares: from bytes at the network header to what a verdict needs. BPF only.
//
// Where the bytes come from is a packet_bytes: an skb (tc, cgroup_skb) or kernel memory (tracing). It never reads past
// them, never pulls and never writes; a packet cut short at any byte is PACKET_MALFORMED. Headers: RFC 8200, 4302 (AH),
// 4443 (ICMPv6), 4861 (neighbour discovery), 9260 (SCTP). At most PACKET_EXTENSIONS extension headers are walked.
#pragma once

#include "bpf/kernel.h"

enum { PACKET_EXTENSIONS = 8 };

enum packet_shape {
  PACKET_WHOLE,               // every field of `packet` is set
  PACKET_LATER_FRAGMENT,      // addresses and protocol are set; there are no ports in it
  PACKET_UNSUPPORTED_HEADER,  // a header that is not walked, or too many; addresses are set
  PACKET_MALFORMED            // cut short, or not what it says it is; nothing is set
};

// What a packet is to the flow that it belongs to.
enum packet_flow {
  FLOW_OPENS,      // TCP SYN, SCTP INIT: judged each time
  FLOW_CONTINUES,  // other TCP and SCTP: its first packet was judged
  FLOW_PERHAPS,    // no handshake tells (UDP, ICMPv6 requests, other protocols): new unless seen before
  FLOW_NONE        // ICMPv6 errors, echo replies and neighbour discovery: they answer, and no policy names them
};

enum packet_fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };  // an atomic fragment is FRAGMENT_NONE

struct packet {
  __u64 src_hi, src_lo, dst_hi, dst_lo;  // host order
  __u16 src_port;                        // 0 without ports
  __u16 port;                            // destination; ICMPv6: the type; 0 without ports
  __u8 protocol;                         // behind the extension headers
  __u8 flow;                             // enum packet_flow
  __u8 fragment;                         // enum packet_fragment
  __u8 code;                             // ICMPv6
};

enum packet_kind { PACKET_BYTES_SKB, PACKET_BYTES_KERNEL };

// Make one with skb_bytes() or kernel_bytes(); `kind` is a constant that the compiler folds.
struct packet_bytes {
  enum packet_kind kind;
  struct __sk_buff *skb;
  const unsigned char *base;  // kernel memory: the network header
  __u32 start;                // skb: offset of the network header
  __u32 length;               // bytes from the network header that can be read
  bool whole;                 // `length` is all there is: a payload that is longer is cut short
};

// An skb whose network header is `start` bytes into its data (0 at cgroup_skb hooks).
static __always_inline struct packet_bytes skb_bytes(struct __sk_buff *skb, __u32 start) {
  return (struct packet_bytes){.kind = PACKET_BYTES_SKB,
                               .skb = skb,
                               .start = start,
                               .length = skb->len > start ? skb->len - start : 0,
                               .whole = true};
}

// Kernel memory, for instance skb->head + skb->network_header; `length` is what is linear there.
static __always_inline struct packet_bytes kernel_bytes(const void *network_header, __u32 length) {
  return (struct packet_bytes){.kind = PACKET_BYTES_KERNEL, .base = network_header, .length = length};
}

struct packet_ipv6 {
  __u8 version_class;
  __u8 class_label[3];
  __be16 payload_length;
  __u8 next_header;
  __u8 hop_limit;
  __be64 src[2], dst[2];
};

struct packet_extension {
  __u8 next_header;
  __u8 length;      // AH: 4-byte words minus 2; others: 8-byte words minus 1
  __be16 fragment;  // fragment header: offset, two bits reserved, more
};

// The first bytes of any transport header that we read.
struct packet_transport {
  union {
    struct {
      __be16 source, dest;
    };
    struct {
      __u8 icmp_type, icmp_code;
    };
  };
  __u8 other[8];
  __u8 chunk_type;  // SCTP: of the first chunk
  __u8 tcp_flags;
  __u8 rest[2];  // 16 bytes in all: up to the end of SCTP's first chunk header
};

enum {
  TCP_SYN = 0x02,
  TCP_RST = 0x04,
  TCP_ACK = 0x10,
  TCP_LEAST = 20,
  UDP_LEAST = 8,
  ICMPV6_LEAST = 4,
  ICMPV6_INFORMATIONAL = 128,  // types below are errors
  ICMPV6_ECHO_REPLY = 129,
  ICMPV6_ROUTER_SOLICITATION = 133,
  ICMPV6_REDIRECT = 137,
  SCTP_LEAST = 16,  // common header and the first chunk's header
  SCTP_INIT = 1,
  HEADER_FRAGMENT_BYTES = 8,
  HEADER_MOBILITY = 135,
  HEADER_HIP = 139,
  HEADER_SHIM6 = 140
};

static __always_inline bool copy_bytes(const struct packet_bytes *bytes, __u32 at, void *to, __u32 size) {
  if (bytes->kind == PACKET_BYTES_KERNEL)
    return bpf_probe_read_kernel(to, size, bytes->base + at) == 0;
  return bpf_skb_load_bytes(bytes->skb, bytes->start + at, to, size) == 0;
}

// Where `size` bytes lie in the linear part of an skb; NULL: they must be copied.
static __always_inline const void *direct_bytes(const struct packet_bytes *bytes, __u32 at, __u32 size) {
  const unsigned char *data, *end;

  if (bytes->kind == PACKET_BYTES_KERNEL)
    return NULL;
  data = (const unsigned char *)(long)bytes->skb->data;
  end = (const unsigned char *)(long)bytes->skb->data_end;
  return data + bytes->start + at + size <= end ? data + bytes->start + at : NULL;
}

// The bytes that the packet itself claims, at most those that are there; 0: cut short.
static __always_inline __u32 claimed_length(const struct packet_bytes *bytes, const struct packet_ipv6 *ip) {
  __u32 payload = bpf_ntohs(ip->payload_length);
  __u32 claimed = sizeof(*ip) + payload;

  if (!payload)  // a jumbogram, also as GRO makes them (BIG TCP)
    return bytes->length;
  if (claimed > bytes->length)
    return bytes->whole ? 0 : bytes->length;
  return claimed;
}

static __always_inline bool is_extension(__u8 header) {
  return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING || header == IPPROTO_FRAGMENT ||
         header == IPPROTO_DSTOPTS || header == IPPROTO_AH;
}

static __always_inline bool is_unsupported(__u8 header) {
  return header == IPPROTO_NONE || header == HEADER_MOBILITY || header == HEADER_HIP || header == HEADER_SHIM6;
}

static __always_inline __u32 extension_bytes(__u8 header, __u8 length) {
  if (header == IPPROTO_FRAGMENT)
    return HEADER_FRAGMENT_BYTES;
  return header == IPPROTO_AH ? (length + 2U) * 4 : (length + 1U) * 8;
}

// Walks to the transport header: *at becomes its offset and out->protocol its number.
static __always_inline enum packet_shape skip_extensions(const struct packet_bytes *bytes, __u32 length, __u32 *at,
                                                         struct packet *out) {
  for (int i = 0; i < PACKET_EXTENSIONS; i++) {
    struct packet_extension header;
    __u32 size;

    if (!is_extension(out->protocol))
      return PACKET_WHOLE;
    if (out->protocol == IPPROTO_HOPOPTS && i)  // only right behind the IPv6 header (RFC 8200 4.1)
      return PACKET_MALFORMED;
    if (*at + sizeof(header) > length || !copy_bytes(bytes, *at, &header, sizeof(header)))
      return PACKET_MALFORMED;
    size = extension_bytes(out->protocol, header.length);
    if (*at + size > length)
      return PACKET_MALFORMED;
    *at += size;
    if (out->protocol == IPPROTO_FRAGMENT) {
      out->protocol = header.next_header;
      if (header.fragment & bpf_htons(0xfff8)) {
        out->fragment = FRAGMENT_LATER;
        return PACKET_LATER_FRAGMENT;
      }
      if (header.fragment & bpf_htons(1))
        out->fragment = FRAGMENT_FIRST;
    } else {
      out->protocol = header.next_header;
    }
  }
  return is_extension(out->protocol) ? PACKET_UNSUPPORTED_HEADER : PACKET_WHOLE;
}

// How many bytes of the transport header must be there.
static __always_inline __u32 transport_least(__u8 protocol) {
  switch (protocol) {
    case IPPROTO_TCP: return TCP_LEAST;
    case IPPROTO_UDP: return UDP_LEAST;
    case IPPROTO_SCTP: return SCTP_LEAST;
    case IPPROTO_ICMPV6: return ICMPV6_LEAST;
    default: return 0;
  }
}

static __always_inline __u8 icmpv6_flow(__u8 type) {
  if (type < ICMPV6_INFORMATIONAL || type == ICMPV6_ECHO_REPLY)
    return FLOW_NONE;
  return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT ? FLOW_NONE : FLOW_PERHAPS;
}

static __always_inline bool opens_tcp(__u8 flags) { return (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN; }

// `transport` holds transport_least() bytes.
static __always_inline void take_transport(struct packet *out, const struct packet_transport *transport) {
  switch (out->protocol) {
    case IPPROTO_TCP:
      out->src_port = bpf_ntohs(transport->source);
      out->port = bpf_ntohs(transport->dest);
      out->flow = opens_tcp(transport->tcp_flags) ? FLOW_OPENS : FLOW_CONTINUES;
      break;
    case IPPROTO_UDP:
      out->src_port = bpf_ntohs(transport->source);
      out->port = bpf_ntohs(transport->dest);
      break;
    case IPPROTO_SCTP:
      out->src_port = bpf_ntohs(transport->source);
      out->port = bpf_ntohs(transport->dest);
      out->flow = transport->chunk_type == SCTP_INIT ? FLOW_OPENS : FLOW_CONTINUES;
      break;
    case IPPROTO_ICMPV6:
      out->port = transport->icmp_type;
      out->code = transport->icmp_code;
      out->flow = icmpv6_flow(transport->icmp_type);
      break;
  }
}

static __always_inline enum packet_shape read_transport(const struct packet_bytes *bytes, __u32 length, __u32 at,
                                                        struct packet *out) {
  __u32 least = transport_least(out->protocol);
  struct packet_transport copy = {};
  bool copied;

  if (is_unsupported(out->protocol))
    return PACKET_UNSUPPORTED_HEADER;
  if (!least)
    return PACKET_WHOLE;
  if (at + least > length)
    return PACKET_MALFORMED;
  switch (least) {  // helpers want a constant size
    case ICMPV6_LEAST: copied = copy_bytes(bytes, at, &copy, ICMPV6_LEAST); break;
    case UDP_LEAST: copied = copy_bytes(bytes, at, &copy, UDP_LEAST); break;
    default: copied = copy_bytes(bytes, at, &copy, sizeof(copy));
  }
  if (!copied)
    return PACKET_MALFORMED;
  take_transport(out, &copy);
  return PACKET_WHOLE;
}

static __always_inline void take_addresses(struct packet *out, const struct packet_ipv6 *ip) {
  out->src_hi = bpf_be64_to_cpu(ip->src[0]);
  out->src_lo = bpf_be64_to_cpu(ip->src[1]);
  out->dst_hi = bpf_be64_to_cpu(ip->dst[0]);
  out->dst_lo = bpf_be64_to_cpu(ip->dst[1]);
  out->protocol = ip->next_header;
}

// Any packet, by copies: extension headers, headers outside the linear part, kernel memory.
static __always_inline enum packet_shape parse_packet_slowly(const struct packet_bytes *bytes, struct packet *out) {
  struct packet_ipv6 ip;
  enum packet_shape shape;
  __u32 at = sizeof(ip), length;

  if (bytes->length < sizeof(ip) || !copy_bytes(bytes, 0, &ip, sizeof(ip)) || ip.version_class >> 4 != 6)
    return PACKET_MALFORMED;
  length = claimed_length(bytes, &ip);
  if (!length)
    return PACKET_MALFORMED;
  take_addresses(out, &ip);
  shape = skip_extensions(bytes, length, &at, out);
  return shape == PACKET_WHOLE ? read_transport(bytes, length, at, out) : shape;
}

// Parses the packet at `bytes`. What is common (TCP, UDP, ICMPv6, SCTP right behind the IPv6 header, in the linear
// part) is read where it lies.
static __always_inline enum packet_shape parse_packet(const struct packet_bytes *bytes, struct packet *out) {
  const struct packet_ipv6 *ip = direct_bytes(bytes, 0, sizeof(*ip) + UDP_LEAST);
  __u32 least;

  *out = (struct packet){.flow = FLOW_PERHAPS};
  if (!ip || ip->version_class >> 4 != 6)
    return parse_packet_slowly(bytes, out);
  least = transport_least(ip->next_header);
  if (!least || claimed_length(bytes, ip) < sizeof(*ip) + least)
    return parse_packet_slowly(bytes, out);
  if (least > UDP_LEAST) {
    ip = direct_bytes(bytes, 0, sizeof(*ip) + sizeof(struct packet_transport));
    if (!ip)
      return parse_packet_slowly(bytes, out);
  }
  take_addresses(out, ip);
  take_transport(out, (const struct packet_transport *)(ip + 1));
  return PACKET_WHOLE;
}

// The most frequent packet of all, told by the fewest reads: TCP right behind the IPv6 header, in the linear part, that
// opens nothing. False says nothing: parse_packet() does.
static __always_inline bool is_established_tcp(const struct packet_bytes *bytes) {
  const struct packet_ipv6 *ip = direct_bytes(bytes, 0, sizeof(*ip) + sizeof(struct packet_transport));

  return ip && ip->next_header == IPPROTO_TCP && ip->version_class >> 4 == 6 &&
         claimed_length(bytes, ip) >= sizeof(*ip) + TCP_LEAST &&
         !opens_tcp(((const struct packet_transport *)(ip + 1))->tcp_flags);
}
