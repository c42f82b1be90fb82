// What a kernel's reason for freeing a packet means: the contract between agent/datapath/drop_reasons.cpp, which knows
// the names, and bpf/death.bpf.c, which sees the numbers. Compiles as BPF C and as C++.
#pragma once

#include "bpf/abi.h"

enum {
  DEATH_DROPPED = 0,  // something on the way stopped the packet; also every reason not known
  DEATH_REFUSED = 1,  // the destination's own stack took it and has no socket for it
  DEATH_IGNORED = 2,  // says nothing about reachability: malformed, another host's, part of a flow, a mere copy
};

enum {
  DEATH_REASONS = 512,  // of the core; 6.18 has 128
  DEATH_SUBSYSTEMS = 16,
  DEATH_SUBSYSTEM_SHIFT = 16,  // SKB_DROP_REASON_SUBSYS_SHIFT, include/net/dropreason.h
};
