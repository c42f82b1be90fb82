#include "agent/policy/rule_text.h"

#include <algorithm>

#include "agent/policy/explain.h"

namespace sextant::policy {
namespace {

constexpr std::size_t kShown = 4;

// "a", "a or b", "a, b, c, d or 7 more".
std::string one_of(const std::vector<std::string>& texts) {
  std::string text;
  const std::size_t shown = std::min(texts.size(), kShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == texts.size();
    text += (i == 0 ? "" : last ? " or " : ", ") + texts[i];
  }
  if (shown < texts.size()) text += " or " + std::to_string(texts.size() - shown) + " more";
  return text;
}

// "app=web", "namespace shop".
std::string label_text(std::string_view key, std::string_view value) {
  if (key == kNamespaceKey) return "namespace " + std::string(value);
  return std::string(key) + (value.empty() ? "" : "=") + std::string(value);
}

std::string values_text(const Requirement& requirement, const Symbols& symbols) {
  std::string text;
  for (const Symbol value : requirement.values) text += (text.empty() ? "" : ", ") + std::string(symbols.text(value));
  return text;
}

std::string requirement_text(const Requirement& requirement, const Symbols& symbols) {
  const std::string key(symbols.text(requirement.key));
  switch (requirement.op) {
    case Operator::kExists:
      return requirement.source == kReserved ? key : "with a label " + key;
    case Operator::kDoesNotExist:
      return requirement.source == kReserved ? "not " + key : "without a label " + key;
    case Operator::kIn:
      if (requirement.values.size() > 1) return key + " in (" + values_text(requirement, symbols) + ")";
      return label_text(key, values_text(requirement, symbols));
    case Operator::kNotIn:
      return key + " not in (" + values_text(requirement, symbols) + ")";
  }
  return key;
}

std::string selector_text(const Selector& selector, const Symbols& symbols) {
  if (selector.everyone()) return "everyone";
  std::string text, excepted;
  for (const Requirement& requirement : selector.requirements) {
    if (symbols.text(requirement.key) == kClusterKey) continue;  // on every peer of a cluster
    if (requirement.prefix && requirement.op == Operator::kDoesNotExist) {
      excepted += (excepted.empty() ? " except " : ", ") + requirement.prefix->to_string();
      continue;
    }
    text += (text.empty() ? "" : " and ") +
            (requirement.prefix ? requirement.prefix->to_string() : requirement_text(requirement, symbols));
  }
  return (text.empty() ? "this cluster" : text) + excepted;
}

std::string range_text(const Item& item) {
  if (item.protocol == Protocol::kAny) return "all";
  const bool all = item.first_port == 0 && item.last_port == 65535;
  if (all) return "all " + to_string(item.protocol);
  if (item.first_port == item.last_port) return port_text(item.protocol, item.first_port);
  return std::to_string(item.first_port) + "-" + port_text(item.protocol, item.last_port);
}

void add_once(std::vector<std::string>& texts, std::string text) {
  if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
}

}  // namespace

std::string peers_text(const Entry& entry, const Symbols& symbols) {
  if (entry.peers.everyone) return "everyone";
  std::vector<std::string> texts;
  for (const Selector& selector : entry.peers.selectors) add_once(texts, selector_text(selector, symbols));
  return texts.empty() ? "nobody" : one_of(texts);
}

std::string ports_text(const SubjectPolicy& subject, const Entry& entry) {
  if (entry.any_port) return "all";
  std::vector<std::string> texts;
  for (const Item& item : subject.items) {
    if (std::ranges::find(item.sources, &entry, &Written::entry) != item.sources.end())
      add_once(texts, range_text(item));
  }
  return texts.empty() ? "none that the endpoint has" : one_of(texts);
}

std::string source_text(const LabelSet& source, const Symbols& symbols) {
  std::string text;
  for (const Label& label : source.labels()) {
    const std::string_view key = symbols.text(label.key);
    if (key == kClusterKey) continue;
    text += (text.empty() ? "" : ", ") + label_text(key, symbols.text(label.value));
  }
  for (const Prefix& prefix : source.prefixes()) text += " in " + prefix.to_string();
  return text;
}

std::string exception_text(const Entry& entry, const LabelSet& source) {
  for (const Selector& selector : entry.peers.selectors) {
    const Requirement* inside = nullptr;
    const Requirement* excepted = nullptr;
    for (const Requirement& requirement : selector.requirements) {
      if (!requirement.prefix) continue;
      const bool matches = requirement.matches(source);
      if (requirement.op == Operator::kExists && matches) inside = &requirement;
      if (requirement.op == Operator::kDoesNotExist && !matches) excepted = &requirement;
    }
    if (inside == nullptr || excepted == nullptr) continue;
    return "the source lies in " + inside->prefix->to_string() + ", but " + excepted->prefix->to_string() +
           " is excepted";
  }
  return {};
}

}  // namespace sextant::policy
