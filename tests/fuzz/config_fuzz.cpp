// The daemon's configuration; lines that begin with "#set " are overrides as well.
#include "agent/app/config.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sextant;
  app::ConfigText from{.name = "fuzz.yaml", .text = std::string(fuzz::text_of(data, size))};
  constexpr std::string_view kSet = "#set ";
  for (std::size_t begin = 0; begin < from.text.size();) {
    const std::size_t end = std::min(from.text.find('\n', begin), from.text.size());
    const std::string_view line = std::string_view(from.text).substr(begin, end - begin);
    if (line.starts_with(kSet)) from.overrides.emplace_back(line.substr(kSet.size()));
    begin = end + 1;
  }
  const auto config = app::parse_config(from);
  if (config) return 0;
  fuzz::require(!config.error().empty(), "a refusal has problems");
  for (const app::ConfigProblem& problem : config.error()) {
    fuzz::require(!problem.where.empty() && !problem.cause.empty(), "a problem names place and cause",
                  problem.to_string());
  }
  return 0;
}
