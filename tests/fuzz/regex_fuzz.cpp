// Regular expressions of L7 rules.
#include "agent/policy/go_regex.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sextant;
  const std::string_view pattern = fuzz::text_of(data, size);
  const auto error = policy::regex_error(pattern);
  fuzz::require(!error || !error->empty(), "a refusal has words");
  // What a group or an alternative adds is no error of its own, but for a \Q, which quotes their ends too.
  if (pattern.contains("\\Q")) return 0;
  const auto grouped = policy::regex_error("(?:" + std::string(pattern) + ")|x");
  fuzz::require(error || !grouped || grouped->contains("nests too deeply"), "what compiles does so in a group",
                grouped.value_or(""));
  return 0;
}
