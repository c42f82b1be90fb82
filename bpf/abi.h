// What a header needs in order to compile both as BPF C and as C++: the fixed-width types and layout assertions.
#pragma once

#include <linux/types.h>

#ifdef __cplusplus
#define ABI_ASSERT static_assert
#else
#define ABI_ASSERT _Static_assert
#endif

// Not offsetof(): bpf_helpers.h redefines that as a non-constant expression.
#define ABI_OFFSET __builtin_offsetof

// A function that both sides must compute alike: hashes, packed keys.
#define ABI_INLINE static inline __attribute__((always_inline, unused))
