// The body of a list or of a watch, whole and in small pieces: both say the same.
#include <algorithm>
#include <vector>

#include "agent/kube/object_stream.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;

struct Told {
  std::vector<Document> objects{};
  bool failed = false;
  bool operator==(const Told&) const = default;
};

Told read(std::string_view body, std::size_t piece) {
  Told told;
  const auto keep = [&](Document&& document) { told.objects.push_back(std::move(document)); };
  kube::FieldTree tree = kube::FieldTree::everything();
  tree.drop("metadata managedFields").drop("items status conditions");
  kube::ObjectStream stream(std::move(tree), keep, keep);
  for (std::size_t begin = 0; begin < body.size() && !told.failed; begin += piece) {
    told.failed = !stream.feed(body.substr(begin, piece));
  }
  told.failed = told.failed || !stream.finish();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = fuzz::text_of(data, size);
  const Told whole = read(body, body.size());
  for (const Document& object : whole.objects) fuzz::require_sound(object);
  // A scalar is no answer of the API server's; where it ends depends on what comes behind it.
  if (whole.failed || !std::ranges::all_of(whole.objects, &Document::is_map)) return 0;
  const Told pieces = read(body, 1 + body.size() / 7);
  fuzz::require(whole == pieces, "a body says the same in pieces");
  return 0;
}
