// What the kernel's witnesses say, as values. datapath/ makes them; audit/ judges them; report/ prints them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/ip.h"
#include "agent/model/endpoint.h"
#include "agent/model/intent.h"

namespace sextant {

// The key of a row: endpoint x protocol x port x source class.
struct RowKey {
  EndpointRef endpoint{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;  // ICMPv6: the type
  ClassId source = 0;
  auto operator<=>(const RowKey&) const = default;
};

// What became of the packets of one row since the row was first seen. Counts only grow while the row lives.
// `intended` is the verdict that the kernel's tables held when the last packet of the row was judged.
struct RowObservation {
  RowKey key{};
  Verdict intended = Verdict::kUnknown;
  std::uint64_t delivered = 0;  // packets that opened a flow and reached a socket
  std::uint64_t dropped = 0;    // packets that opened a flow and died in the kernel
  std::uint64_t refused = 0;    // packets that got to the endpoint's own stack, which has no socket for them
  Time first_seen{};
  Time last_delivered{};  // epoch: never
  Time last_dropped{};
  std::string drop_reason{};  // the kernel's name of the last one: "NETFILTER_DROP"; empty: none dropped
  IpAddress sample{};         // source of a recent packet
  std::string cgroup{};       // of the socket that received, below the cgroup2 root; empty: none, or not known
  std::optional<std::string> pod_uid{};  // when the path is one that a kubelet makes: names a hostNetwork pod too
};

// A public packet delivered to an address that no source describes.
struct StrayDelivery {
  IpAddress address{};  // destination
  IpAddress sample{};   // source
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::string cgroup{};                  // path below the cgroup2 root; empty when it could not be resolved
  std::optional<std::string> pod_uid{};  // when the path is one that a kubelet makes
  std::uint64_t count = 0;
  Time first_seen{};
  Time last_seen{};
};

// A socket that waits for packets: TCP in LISTEN, UDP bound and unconnected, SCTP listening.
struct Listener {
  Protocol protocol = Protocol::kTcp;
  IpAddress address{};  // unspecified: every address of the network namespace
  std::uint16_t port = 0;
  bool v6_only = false;     // of an unspecified IPv6 address
  bool v4_only = false;     // an IPv4 socket
  std::uint64_t netns = 0;  // inode of the network namespace
  bool host_netns = false;
  std::string process{};  // comm
  std::uint32_t pid = 0;  // 0: a socket of the kernel itself
  std::string cgroup{};
  std::optional<std::string> pod_uid{};
  auto operator<=>(const Listener&) const = default;
};

struct ListenerPicture {
  Time taken{};
  std::vector<Listener> listeners{};
};

// Packets that arrived at an uplink and asked for a new flow, per endpoint x protocol x port x intended verdict.
// port_known false: beyond the table's size; the row then stands for all further ports of endpoint x protocol x
// verdict.
struct AttemptCount {
  EndpointRef endpoint{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  bool port_known = true;
  Verdict verdict = Verdict::kUnknown;
  std::uint64_t packets = 0;
  Time last_seen{};
};

// A heavy source prefix, /48 or /64: estimate - error <= true count <= estimate.
struct SourceCount {
  Prefix prefix{};
  EndpointRef endpoint{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  Verdict verdict = Verdict::kUnknown;
  std::uint64_t estimate = 0;
  std::uint64_t error = 0;
};

// Every packet that an uplink's program saw is in exactly one of these.
enum class PacketFate : std::uint8_t {
  kNotIpv6,
  kOtherDestination,   // asks for a flow with an address that no endpoint holds
  kEstablished,        // TCP and SCTP that open no flow, whatever the destination
  kKnownFlow,          // UDP and the like: the flow was judged not long ago
  kJudged,             // a public source asks an endpoint for a new flow
  kLaterFragment,      // not the first: no ports in it
  kMalformed,          // cut short, or not what it says it is
  kUnsupportedHeader,  // an extension header that is not walked, or too many of them
  kNotPublic,          // asks for a new flow, but the source is none of the internet's
  kAnswer,             // UDP and the like: belongs to a flow that a socket of this node began
  kControl,            // ICMPv6 errors, echo replies, neighbour discovery: they open no flow, and are not judged
  kCount
};
std::string_view to_string(PacketFate fate);  // "not_ipv6"...

struct UplinkCount {
  std::string uplink{};
  PacketFate fate = PacketFate::kNotIpv6;
  Verdict verdict = Verdict::kUnknown;  // kJudged and kKnownFlow only
  Protocol protocol = Protocol::kAny;   // kAny: other or not known
  std::uint64_t packets = 0;
};

// A part of the kernel that Sextant uses. Missing features degrade one witness each.
struct Feature {
  std::string name{};  // "tcx", "clsact", "cgroup_skb", "tp_btf", "iter_task_file", "btf", "ringbuf", "cgroup2"
  bool available = false;
  std::string reason{};  // why not, or what stands in: "TCX missing (Linux 6.6): clsact is used"
};

// kObserved: what uplink, delivery and death say together; the evidence of findings and the rows name it so.
enum class Witness : std::uint8_t { kIntended, kRealized, kListening, kUplink, kDelivery, kDeath, kProbed, kObserved };
std::string_view to_string(Witness witness);  // "intended", "realized", "listening", "uplink", ...

enum class WitnessState : std::uint8_t { kAbsent, kStarting, kSees, kBlind };
std::string_view to_string(WitnessState state);

struct WitnessStatus {
  Witness witness = Witness::kIntended;
  WitnessState state = WitnessState::kAbsent;
  std::string covers{};    // "uplinks eth0, tailscale0"
  std::string reason{};    // why blind or absent
  Time since{};            // of the state
  std::uint64_t lost = 0;  // events or counts that did not fit
};

}  // namespace sextant
