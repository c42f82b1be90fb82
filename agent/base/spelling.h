// What a word was meant to be.
#pragma once

#include <cstddef>
#include <string_view>

namespace sextant {

// Levenshtein's distance, in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sextant
