// A manifest file: documents, lists of objects, and what each becomes in the model.
#include "agent/manifests/content.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sextant;
  const manifests::Content content = manifests::parse_content(fuzz::text_of(data, size), "fuzz.yaml");
  fuzz::require(content.problems.empty() || (content.objects.empty() && content.ignored == 0),
                "a file counts as a whole");
  for (const manifests::Problem& problem : content.problems) {
    fuzz::require(problem.line != 0 && !problem.cause.empty(), "a problem names line and cause", problem.to_string());
  }
  for (const Object& object : content.objects) {
    fuzz::require(!key_of(object).name.empty(), "an object has a name");
    fuzz::require(origin_of(object).line != 0, "an object has a place");
  }
  return 0;
}
