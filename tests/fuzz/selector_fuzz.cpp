// Label selectors as each release and each style of keys reads them, matched against label sets.
#include "agent/policy/identity.h"
#include "agent/policy/selector.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;
using policy::KeyStyle;

policy::LabelSet labels_of(policy::Symbols& symbols) {
  policy::LabelSet labels;
  for (const std::string_view key : {"app", "tier", "io.kubernetes.pod.namespace"}) {
    labels.put({.source = policy::kK8s, .key = symbols.intern(key), .value = symbols.intern("db")});
  }
  labels.add_prefix(kGlobalUnicast);
  return labels;
}

void read_and_match(const Document& document, policy::Release release) {
  policy::Symbols symbols;
  const policy::LabelSet labels = labels_of(symbols);
  const policy::SelectorReader reader(symbols, release);
  const policy::Path path("selector");
  for (const KeyStyle style : {KeyStyle::kCilium, KeyStyle::kKubernetes, KeyStyle::kCidrGroup}) {
    policy::Report report;
    const policy::Selector selector = reader.read(document, path, style, report);
    fuzz::require(!selector.everyone() || selector.matches(labels), "who selects everyone selects these");
    policy::Report again;
    fuzz::require(reader.read(document, path, style, again).text == selector.text, "a selector reads the same twice");
  }
  policy::Report report;
  reader.read_namespace_selector(document, path, report).matches(labels);
  reader.read_group_selector(document, path, report).matches(labels);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto documents = parse_yaml(fuzz::text_of(data, size));
  if (!documents) return 0;
  for (const Document& document : *documents) {
    if (!document.is_map()) continue;
    for (const policy::Release release : fuzz::kReleases) read_and_match(document, release);
  }
  return 0;
}
