// Random numbers for programs that make packets. BPF only.
#pragma once

// xorshift64 (Marsaglia, 2003): cheaper than a helper's call. `x` is not 0, and never becomes it.
static __always_inline __u64 next_random(__u64 x) {
  x ^= x << 13;
  x ^= x >> 7;
  return x ^ x << 17;
}
