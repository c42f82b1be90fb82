// host-bits: prefixes that are written as an address in them.
#include "agent/audit/lint/checks.h"

namespace sextant::audit::lint {
namespace {

std::string covers_text(const Prefix& prefix) {
  return prefix.is_v4() ? std::to_string(std::uint64_t{1} << (128 - prefix.length)) + " addresses" : "the whole prefix";
}

void check(const PolicyRef& place, const std::string& text, Remarks& remarks) {
  bool host_bits = false;
  const auto prefix = Prefix::parse(text, &host_bits);
  if (!prefix || !host_bits) return;
  remarks.push_back({ReasonId::kHostBits, place,
                     text + " has bits set beyond its length: it stands for " + prefix->to_string() + ", " +
                         covers_text(*prefix) + ", not for the address alone",
                     "write " + prefix->to_string() + ", or " + text.substr(0, text.find('/')) +
                         (prefix->is_v4() ? "/32" : "/128") + " for the one address"});
}

}  // namespace

void check_host_bits(const Tree& tree, Remarks& remarks) {
  for_each_rule(tree, [&](const PolicyView& policy, const SpecView&, const RuleView& rule) {
    for (const WrittenPrefix& written : prefixes_of(rule)) {
      check(policy.at(written.where, written.document), written.text, remarks);
    }
  });
  for (const auto& [key, group] : tree.given().policies()) {
    if (key.kind != ObjectKind::kCiliumCidrGroup) continue;
    const auto list = group.body->at({"spec", "externalCIDRs"});
    if (!list) continue;
    const PolicyView view{.object = &group};
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      check(view.at("spec.externalCIDRs[" + std::to_string(i) + "]", &list->items[i]), list->items[i].text, remarks);
    }
  }
}

}  // namespace sextant::audit::lint
