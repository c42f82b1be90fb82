// What a kernel's drop reason proves about the network, and what it does not.
#pragma once

#include <cstdint>
#include <string_view>

namespace sextant::audit {

enum class DropNature : std::uint8_t {
  kWall,      // refused on its way: by netfilter, a BPF program, a route
  kNoSocket,  // let through, and nobody listened
  kItsOwn,    // the packet itself was at fault: no network owes its delivery
  kUntold,    // the kernel gave no reason
  kOther      // overload and the like: it did not arrive, but no wall refused it
};

// `reason` as the kernel names it, with or without SKB_DROP_REASON_.
//
// Only kWall proves that a port is closed. Whoever sends can bring about the others: a flood overflows the backlog of a
// port that is wide open, and a broken packet dies before it. They must not hide an open port.
DropNature nature_of(std::string_view reason);

}  // namespace sextant::audit
