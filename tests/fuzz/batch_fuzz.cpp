// Lines of `explain --batch`: scenarios of the conformance format.
#include "agent/app/cli/batch/answer.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;

app::cli::ScenarioAnswerer& answerer() {
  static app::cli::ScenarioAnswerer one([] {
    std::vector<app::cli::Version> versions;
    for (const policy::Release release : fuzz::kReleases)
      versions.push_back({std::string(to_string(release)), release});
    return versions;
  }());
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line = fuzz::text_of(data, size);
  const std::string before = "before\n";
  std::string out = before;
  const Result<> answered = answerer().answer(line, out);
  if (!answered) {
    fuzz::require(!answered.error().what.empty() && out == before, "a line that is not answered leaves only words");
    return 0;
  }
  fuzz::require(out.starts_with(before) && out.ends_with('\n'), "an answer is appended, as a line");
  const std::string_view answer = std::string_view(out).substr(before.size());
  // The reader does not see a key that is given twice.
  const auto read = parse_json(answer);
  fuzz::require(read || read.error().what.contains("duplicate key"), "an answer is JSON", answer);
  return 0;
}
