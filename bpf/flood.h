// What a flood consists of: the contract between bpf/flood.bpf.c and bench/flood_generator.cpp. Compiles as BPF C and
// as C++.
#pragma once

#include "bpf/abi.h"

enum {
  FLOOD_CLASSES = 16,
  FLOOD_SHARES = 256,  // a packet's class is drawn from so many lots
};

// Packets of one kind. Addresses and ports in host order; bits of a mask are drawn at random for every packet, and are
// 0 in what stands before it.
struct flood_class {
  __u64 source_hi, source_hi_mask;
  __u64 source_lo, source_lo_mask;
  __u64 destination_hi, destination_lo;
  __u64 sent;  // written by the program
  __u16 port, port_mask;
  __u8 tcp_flags;
  __u8 pad[3];
};

struct flood {
  __u64 state;  // of the random numbers; not 0
  struct flood_class classes[FLOOD_CLASSES];
  __u8 lots[FLOOD_SHARES];  // classes
  __u8 ethernet[16];        // of them 14: destination, source, type
};

ABI_ASSERT(sizeof(struct flood_class) == 64, "flood_class layout changed");
ABI_ASSERT(sizeof(struct flood) == 8 + 64 * FLOOD_CLASSES + FLOOD_SHARES + 16, "flood layout changed");
