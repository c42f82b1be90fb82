// How large a text may be that becomes a Document, and what becomes of it: more is an error, and never held in memory.
#pragma once

#include <cstddef>

namespace sextant {

inline constexpr std::size_t kMaxLevels = 100;            // of lists and maps
inline constexpr std::size_t kMaxValues = 1'000'000;      // those that aliases repeat included
inline constexpr std::size_t kMaxTextBytes = 64U << 20U;  // of a text, and of what its aliases make of it

}  // namespace sextant
