// Words of protocols and people, compared without regard to case. ASCII only.
#pragma once

#include <string_view>

#include <strings.h>

namespace sextant::report {

inline bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sextant::report
