// Traffic between two namespaces, to measure what lies between them: a server that takes everything, and a client that
// does what each line of its standard input says. Both speak JSON, one object a line.
//
// Bytes and packets are counted at both ends, so that whoever stands between can be held to them. A connection begins
// with a byte that says what it is: kSink or kEcho.
#pragma once

#include <cstdint>

#include "agent/base/result.h"

namespace sextant::bench {

inline constexpr char kSink = 's', kEcho = 'e';
inline constexpr std::size_t kChunk = 256 * 1024;      // of a stream
inline constexpr std::size_t kDatagram = 64 - 40 - 8;  // an IPv6 packet of 64 bytes

// On `port` of TCP and UDP, every address, until standard input ends. Says {"ready": true} when bound, and for each
// line that it reads {"bytes", "connections", "datagrams"} since the start.
Result<> serve(std::uint16_t port);

// Lines: "stream FROM TO PORT FLOWS MS", "datagrams FROM TO PORT MS", "requests FROM TO PORT MS",
// "connections FROM TO PORT MS". Answers {"seconds", "count", "bytes"}, of requests also {"median_us", "p99_us"}.
Result<> run_client();

}  // namespace sextant::bench
