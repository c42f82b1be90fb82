// Where something stands in a JSON text: for messages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sextant {

// "line 3, column 5" of an offset, counted from 1; columns in bytes.
std::string json_place(std::string_view text, std::size_t offset);

// The offset of the key (its opening quote) in the map that is still open where `begun`, the beginning of a JSON text
// without errors, ends. nullopt: no map is open, or it has no such key.
std::optional<std::size_t> find_json_key(std::string_view begun, std::string_view key);

}  // namespace sextant
