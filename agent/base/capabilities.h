// The capabilities of this thread (capabilities(7)): which it has, and giving them up for good.
#pragma once

#include <cstdint>

#include "agent/base/result.h"

namespace sextant {

// A set: bit n stands for capability n of linux/capability.h.
using Capabilities = std::uint64_t;

constexpr Capabilities capability(unsigned number) { return Capabilities{1} << number; }

Capabilities effective_capabilities();

// Makes `wanted`, as far as it is permitted, the effective set; the permitted set stays, so that it can be undone.
Result<> set_effective_capabilities(Capabilities wanted);

// Gives up all but `kept`, in every set, and the way back: no_new_privs is set. Threads that run already keep theirs.
// The bounding set shrinks only if CAP_SETPCAP is there; where it is not, no_new_privs makes what stays in it of no
// use.
Result<> keep_only_capabilities(Capabilities kept);

}  // namespace sextant
