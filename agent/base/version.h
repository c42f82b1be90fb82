// Which build this is.
#pragma once

namespace sextant {

extern const char* const kVersion;  // "0.1.0"
extern const char* const kCommit;   // 12 hex digits, or "unknown" outside a checkout

}  // namespace sextant
