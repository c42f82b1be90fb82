// What a colour means: danger is coloured, the ordinary is not. Red: reachable against or without intent. Yellow:
// look at this, or: not known. Green: only where all is well. Dim: beside the point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sextant::app::cli {

enum class Style : std::uint8_t { kPlain, kStrong, kDanger, kWarning, kGood, kDim };

// How a view is laid out for its reader.
struct Layout {
  std::size_t width = 100;  // in terminal cells; 0: as wide as the content is
  bool colour = false;
  bool wide = false;  // -o wide: more columns, nothing cut
};

// `text` in SGR sequences; as it is when `colour` is false, or the style plain.
std::string paint(std::string_view text, Style style, bool colour);

}  // namespace sextant::app::cli
