// How packets of a benchmark differ: the contract between bpf/bench.bpf.c and agent/datapath/bench_programs.cpp.
// Compiles as BPF C and as C++.
#pragma once

#include "bpf/abi.h"

// Host order. Bits of a mask are drawn at random for every packet; a mask of 0 keeps what stands before it.
struct bench_variation {
  __u64 state;  // of the random numbers; not 0
  __u64 source_hi, source_hi_mask;
  __u64 source_lo_mask;
  __u64 destination_lo, destination_lo_mask;
  __u16 source_port, source_port_mask;
  __u32 pad;
};

ABI_ASSERT(sizeof(struct bench_variation) == 56, "bench_variation layout changed");
