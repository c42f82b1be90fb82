// Text of others (process and interface names, paths, errors) may hold any bytes; JSON, protobuf and Prometheus take
// only UTF-8, and would refuse the whole answer for one bad byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sextant::report {

// The same text; each byte that is no part of valid UTF-8 (RFC 3629) replaced by U+FFFD.
std::string utf8(std::string_view text);

// Bytes of the valid sequence at the start of `text`; 0 when there is none.
std::size_t utf8_sequence(std::string_view text);

}  // namespace sextant::report
