#include "agent/audit/lint/variant.h"

#include <algorithm>
#include <memory>

#include "agent/audit/lint/places.h"

namespace sextant::audit::lint {
namespace {

// "spec.ingress[2]" -> "spec.ingress", 2.
struct Place {
  std::string list{};
  std::size_t index = 0;
};

Place place_of(const std::string& where) {
  const std::size_t open = where.rfind('[');
  return {.list = where.substr(0, open), .index = std::stoul(where.substr(open + 1))};
}

PolicyObject with_body(const PolicyObject& policy, const Document& body) {
  PolicyObject changed = policy;
  changed.body = std::make_shared<const PackedDocument>(body);
  return changed;
}

void put(Document& map, const std::string& key, Document value) {
  const auto found = std::ranges::find(map.members, key, &Document::Member::first);
  if (found != map.members.end()) {
    found->second = std::move(value);
  } else {
    map.members.emplace_back(key, std::move(value));
  }
}

Document text(std::string_view word) { return {.kind = Document::Kind::kString, .text = std::string(word)}; }

// A NetworkPolicy without rules isolates only if its types say so; Cilium looks at them only then.
void isolate(Document& spec) {
  Document types{.kind = Document::Kind::kList, .items = {text("Ingress")}};
  if (spec.get("egress") != nullptr) types.items.push_back(text("Egress"));
  put(spec, "policyTypes", std::move(types));
}

}  // namespace

std::optional<PolicyObject> without_rule(const PolicyObject& policy, const RuleView& rule) {
  Document body = policy.body->unpack();
  const Place place = place_of(rule.where);
  Document* list = part_at(body, place.list);
  if (list == nullptr || place.index >= list->items.size()) return std::nullopt;
  if (policy.kind == ObjectKind::kNetworkPolicy) {
    list->items.erase(list->items.begin() + static_cast<std::ptrdiff_t>(place.index));
    isolate(*part_at(body, "spec"));
  } else if (policy.kind == ObjectKind::kClusterNetworkPolicy) {
    list->items.erase(list->items.begin() + static_cast<std::ptrdiff_t>(place.index));
  } else {
    list->items[place.index] = {.kind = Document::Kind::kMap};  // asks for default deny, and for nothing else
  }
  return with_body(policy, body);
}

std::optional<PolicyObject> only_rule(const PolicyObject& policy, const SpecView& spec, const RuleView& rule) {
  Document only = *spec.document;
  const std::string member = place_of(rule.where).list.substr(spec.where.size() + 1);
  std::erase_if(only.members, [&](const Document::Member& m) {
    return m.first == "ingress" || m.first == "ingressDeny" || m.first.starts_with("egress");
  });
  put(only, member, {.kind = Document::Kind::kList, .items = {*rule.document}});
  Document body = policy.body->unpack();
  std::erase_if(body.members, [](const Document::Member& m) { return m.first == "specs"; });
  put(body, "spec", std::move(only));
  return with_body(policy, body);
}

}  // namespace sextant::audit::lint
