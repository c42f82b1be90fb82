#include <algorithm>

#include "agent/audit/lint/checks.h"
#include "agent/audit/lint/stand_ins.h"
#include "agent/audit/texts.h"
#include "agent/policy/labels.h"

namespace sextant::audit::lint {
namespace {

void add_set(const Document& element, const std::string& where, std::vector<WrittenPrefix>& to) {
  const Document* cidr = element.get("cidr");
  const Document* except = element.get("except");
  const bool has_except = except != nullptr && !except->items.empty();
  if (cidr != nullptr && cidr->is_string()) {
    to.push_back({.text = cidr->text, .where = where + ".cidr", .document = cidr, .has_except = has_except});
  }
  if (!has_except) return;
  for (std::size_t i = 0; i < except->items.size(); ++i) {
    const Document& item = except->items[i];
    to.push_back({.text = item.text,
                  .where = where + ".except[" + std::to_string(i) + "]",
                  .document = &item,
                  .is_except = true});
  }
}

// "pods of shop with app=web" of "pod:app=web,io.kubernetes.pod.namespace=shop".
std::string pod_words(std::string_view labels) {
  std::string ns;
  std::string own;
  while (!labels.empty()) {
    const std::size_t comma = std::min(labels.find(','), labels.size());
    const std::string_view label = labels.substr(0, comma);
    labels.remove_prefix(std::min(comma + 1, labels.size()));
    if (label.starts_with(std::string(policy::kNamespaceKey) + "=")) {
      ns = label.substr(policy::kNamespaceKey.size() + 1);
    } else if (!label.starts_with("io.cilium.") && !label.starts_with("io.kubernetes.")) {
      own += (own.empty() ? "" : ",") + std::string(label);
    }
  }
  const std::string of = ns.starts_with(kStandIn) ? "pods of another namespace" : "pods of " + ns;
  return own.empty() ? of : of + " with " + own;
}

}  // namespace

std::vector<WrittenPrefix> prefixes_of(const RuleView& rule) {
  std::vector<WrittenPrefix> prefixes;
  if (const Document* list = rule.document->get("fromCIDR")) {
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const Document& item = list->items[i];
      prefixes.push_back(
          {.text = item.text, .where = rule.where + ".fromCIDR[" + std::to_string(i) + "]", .document = &item});
    }
  }
  if (const Document* list = rule.document->get("fromCIDRSet")) {
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      add_set(list->items[i], rule.where + ".fromCIDRSet[" + std::to_string(i) + "]", prefixes);
    }
  }
  if (const Document* list = rule.document->get("from")) {
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const Document* block = list->items[i].get("ipBlock");
      if (block != nullptr) add_set(*block, rule.where + ".from[" + std::to_string(i) + "].ipBlock", prefixes);
    }
  }
  return prefixes;
}

std::vector<std::string> texts_of(const Document& map, std::string_view list) {
  std::vector<std::string> texts;
  if (const Document* found = map.get(list)) {
    for (const Document& item : found->items) texts.push_back(item.text);
  }
  return texts;
}

bool names_entity(const RuleView& rule, std::string_view entity) {
  const std::vector<std::string> entities = texts_of(*rule.document, "fromEntities");
  return std::ranges::find(entities, entity) != entities.end();
}

std::string source_words(const SourceClass& source) {
  if (source.name.starts_with("pod:")) return pod_words(std::string_view(source.name).substr(4));
  if (source.name == "host") return "the pod's own node";
  if (source.name == "remote-node") return "other nodes";
  if (source.name == "local") return "addresses that are not public";
  return texts::source(source);
}

std::string source_words(const std::vector<std::shared_ptr<const SourceClass>>& sources) {
  std::vector<std::string> words;
  for (const auto& source : sources) {
    std::string text = source_words(*source);
    if (std::ranges::find(words, text) == words.end()) words.push_back(std::move(text));
  }
  return texts::list(words, 3);
}

std::string port_words(Protocol protocol, std::uint16_t first, std::uint16_t last) {
  const bool whole = first == 0 && last >= (has_ports(protocol) ? 65535 : 255);
  if (protocol == Protocol::kAny) return "other protocols";
  if (whole)
    return has_ports(protocol) ? "every " + to_string(protocol) + " port" : "every " + to_string(protocol) + " type";
  if (first == last) return texts::port(protocol, first);
  const std::string range = std::to_string(first) + " to " + std::to_string(last);
  return to_string(protocol) + (has_ports(protocol) ? " ports " : " types ") + range;
}

std::string subject_words(const std::vector<const SubjectView*>& subjects) {
  std::vector<std::string> words;
  for (const SubjectView* subject : subjects) {
    words.push_back(subject->given ? subject->endpoint.to_string() : "the pods that it selects");
  }
  return texts::list(words, 2);
}

}  // namespace sextant::audit::lint
