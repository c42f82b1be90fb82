// Text for terminals: how many cells it takes, how it is cut and broken, and what is kept from the terminal.
//
// Pure. Widths are in terminal cells: a combining mark takes none, an ideograph or an emoji two.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sextant::app::cli {

std::size_t width(std::string_view utf8);

// What others wrote (process names, messages, YAML) must not steer the reader's terminal: line breaks and tabs become
// spaces; other control characters, characters that reorder text, and broken UTF-8 become U+FFFD.
std::string printable(std::string_view text);
// The same line by line; line breaks stay, trailing ones go.
std::vector<std::string> printable_lines(std::string_view text);

// At most `cells` wide; what was cut is marked by "…". `cells` 0 gives nothing.
std::string elide(std::string_view text, std::size_t cells);

// Broken at spaces into lines of at most `cells` (at least 1); a longer word is broken after the last of "-/:,." that
// fits, else where the line ends.
std::vector<std::string> wrap(std::string_view text, std::size_t cells);

// Joins with `separator`.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// 'text'.
std::string in_quotes(std::string_view text);

// "1 finding", "2 findings".
std::string counted(std::size_t number, std::string_view one, std::string_view many);

}  // namespace sextant::app::cli
