// Policy objects as each release reads them.
#include "agent/policy/known_prefixes.h"
#include "agent/policy/parse.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;

ObjectKind kind_of(const Document& body) {
  for (const ObjectKind kind : {ObjectKind::kNetworkPolicy, ObjectKind::kCiliumClusterwideNetworkPolicy,
                                ObjectKind::kClusterNetworkPolicy, ObjectKind::kCiliumCidrGroup}) {
    if (body.string_at("kind") == to_string(kind)) return kind;
  }
  return ObjectKind::kCiliumNetworkPolicy;
}

void require_sound_rules(const policy::Policy& read) {
  fuzz::require(!read.rejected || !read.rejected->empty(), "a rejection has a reason");
  for (const policy::Spec& spec : read.specs) {
    for (const policy::Entry& entry : spec.entries) {
      fuzz::require(!entry.where.empty(), "an entry says where it is written");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  auto documents = parse_yaml(text);
  if (!documents) return 0;
  policy::Options options = fuzz::options_of(text);
  for (const Document& document : *documents) {
    if (!document.is_map()) continue;
    PolicyObject object{.kind = kind_of(document), .ns = "shop", .name = "p"};
    object.body = std::make_shared<const PackedDocument>(document);
    for (const policy::Release release : fuzz::kReleases) {
      options.release = release;
      policy::Symbols symbols;
      if (object.kind == ObjectKind::kCiliumCidrGroup) {
        policy::read_cidr_group(object, release, symbols);
      } else {
        require_sound_rules(policy::parse_policy(object, options, symbols));
      }
    }
  }
  return 0;
}
