// A stream of YAML documents. What is JSON too is the same value to both readers, but for what only one of them takes.
#include <algorithm>

#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;

void require_lines(const Document& document, std::size_t lines) {
  fuzz::require(document.line <= lines && document.key_line <= lines, "a value's line is one of the text");
  for (const Document& item : document.items) require_lines(item, lines);
  for (const auto& [key, value] : document.members) require_lines(value, lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto documents = parse_yaml(text);
  if (!documents) {
    fuzz::require_placed(documents.error());
    return 0;
  }
  // YAML 1.1 also ends lines with CR, NEL, LS and PS: of these at least one byte each.
  const auto breaks = std::ranges::count_if(
      text, [](char c) { return c == '\n' || c == '\r' || c == '\x85' || c == '\xa8' || c == '\xa9'; });
  for (const Document& document : *documents) {
    fuzz::require_sound(document);
    require_lines(document, static_cast<std::size_t>(breaks) + 1);
  }
  return 0;
}
