// One JSON document.
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sextant;
  const auto document = parse_json(fuzz::text_of(data, size));
  if (document) {
    fuzz::require_sound(*document);
  } else {
    fuzz::require_placed(document.error());
  }
  return 0;
}
