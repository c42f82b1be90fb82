#include "agent/policy/selector.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "agent/policy/release.h"

namespace sextant::policy {

bool Requirement::matches(const LabelSet& labels) const {
  if (prefix) {
    const bool exists =
        std::ranges::any_of(labels.prefixes(), [&](const Prefix& mine) { return covers(*prefix, mine); });
    // Prefix labels have the empty value, and so has a requirement that compares it.
    const bool equal = exists && std::ranges::binary_search(values, Symbol{0});
    switch (op) {
      case Operator::kIn:
        return equal;
      case Operator::kNotIn:
        return !equal;
      case Operator::kExists:
        return exists;
      case Operator::kDoesNotExist:
        return !exists;
    }
  }
  if (by_encoded_value) {
    const bool found = std::ranges::any_of(values, [&](Symbol encoded) {
      const Label* label = labels.find(encoded);
      return label != nullptr && (source == kAny || unspec || source == label->source);
    });
    return found == (op == Operator::kIn);
  }
  const Label* label = labels.find(key);
  const bool exists = label != nullptr && (source == kAny || unspec || source == label->source);
  switch (op) {
    case Operator::kIn:
      return exists && std::ranges::binary_search(values, label->value);
    case Operator::kNotIn:
      return !exists || !std::ranges::binary_search(values, label->value);
    case Operator::kExists:
      return exists;
    case Operator::kDoesNotExist:
      return !exists;
  }
  return false;
}

bool Selector::matches(const LabelSet& labels) const {
  if (world_only && !labels.is_world() && !(nodes_too && labels.is_node())) return false;
  return std::ranges::all_of(requirements, [&](const Requirement& r) { return r.matches(labels); });
}

bool Selector::has_source(Symbol source) const {
  return std::ranges::any_of(requirements, [&](const Requirement& r) { return r.source == source; });
}

bool Selector::has_key(Symbol source, Symbol key) const {
  return std::ranges::any_of(requirements, [&](const Requirement& r) { return r.source == source && r.key == key; });
}

bool Selector::has_key_prefix(Symbol source, std::string_view prefix, const Symbols& symbols) const {
  return std::ranges::any_of(requirements, [&](const Requirement& r) {
    return r.source == source && symbols.text(r.key).starts_with(prefix);
  });
}

namespace {

std::string_view name_of(Operator op) {
  switch (op) {
    case Operator::kIn:
      return "in";
    case Operator::kNotIn:
      return "notin";
    case Operator::kExists:
      return "exists";
    case Operator::kDoesNotExist:
      return "!";
  }
  return "";
}

std::string text_of(const Requirement& r) {
  std::string text = std::string(name_of(r.op)) + "/" + std::to_string(r.source) + "/" + std::to_string(r.key);
  for (const Symbol value : r.values) text += "/" + std::to_string(value);
  return text + ";";
}

bool alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?
bool is_name(std::string_view text) {
  if (text.empty() || !alphanumeric(text.front()) || !alphanumeric(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// RFC 1123: lower-case labels separated by dots.
bool is_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.front() == '-' || part.back() == '-') return false;
    for (const char c : part) {
      if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// pkg/labels/validation.go:IsValidCiliumLabelKey.
std::string wrong_key_with_source(std::string_view key) {
  const std::size_t first = key.find(':');
  if (first == std::string_view::npos) return wrong_label_key(key);
  if (key.find(':', first + 1) != std::string_view::npos) return "only one ':' may separate a source from a label key";
  const std::string_view source = key.substr(0, first);
  if (source.empty() || !std::ranges::all_of(source, alphanumeric)) return "a label source is letters and digits";
  return wrong_label_key(key.substr(first + 1));
}

// The key of a prefix label: "2001-db8--0/32", "10.0.0.0/8".
std::optional<Prefix> prefix_of_key(std::string_view key) {
  std::string text(key);
  std::ranges::replace(text, '-', ':');
  if (text.find('/') == std::string::npos) return std::nullopt;
  const Result<Prefix> prefix = Prefix::parse(text);
  return prefix ? std::optional(*prefix) : std::nullopt;
}

}  // namespace

void Selector::require(Requirement requirement) {
  text += text_of(requirement);
  requirements.push_back(std::move(requirement));
}

void Selector::force(Requirement requirement) {
  std::erase_if(requirements, [&](const Requirement& r) {
    return r.in_match_labels && r.source == requirement.source && r.key == requirement.key;
  });
  require(std::move(requirement));
}

std::string encoded_group_key(std::string_view key, std::string_view value) {
  return std::string(key) + "\x1f" + std::string(value);
}

std::string wrong_label_key(std::string_view key) {
  std::string_view name = key;
  if (const std::size_t slash = key.find('/'); slash != std::string_view::npos) {
    if (key.find('/', slash + 1) != std::string_view::npos) return "a label key has at most one '/'";
    if (!is_subdomain(key.substr(0, slash))) return "the part before '/' of a label key must be a DNS subdomain";
    name = key.substr(slash + 1);
  }
  if (name.size() > 63) return "the name of a label key has at most 63 characters";
  return is_name(name)
             ? ""
             : "a label key is letters, digits, '-', '_' and '.', and begins and ends with one of the first two";
}

std::string wrong_label_value(std::string_view value) {
  if (value.empty() || (value.size() <= 63 && is_name(value))) return "";
  return "a label value is at most 63 letters, digits, '-', '_' and '.', and begins and ends with one of the first two";
}

Requirement SelectorReader::equals(Symbol source, std::string_view key, std::string_view value) const {
  return {.op = Operator::kIn, .source = source, .key = symbols_.intern(key), .values = {symbols_.intern(value)}};
}

Requirement SelectorReader::exists(Symbol source, std::string_view key) const {
  return {.op = Operator::kExists, .source = source, .key = symbols_.intern(key)};
}

// The key in the form that the release validates and takes apart.
std::string SelectorReader::validated_key(std::string_view key, KeyStyle style) const {
  const std::string_view source = style == KeyStyle::kCilium       ? "any"
                                  : style == KeyStyle::kKubernetes ? "k8s"
                                                                   : "cidrgroup";
  if (has(release_, Trait::kStrictSelectorKeys)) {
    const SourceAndKey parts = split_source(key, ':', release_);
    return std::string(parts.source.empty() ? source : parts.source) + ":" + std::string(parts.key);
  }
  if (style != KeyStyle::kCilium) return std::string(source) + "." + std::string(key);
  SourceAndKey parts = split_source(key, ':', release_);
  parts.key = parts.key.substr(0, parts.key.find('='));
  return std::string(parts.source.empty() ? source : parts.source) + "." + std::string(parts.key);
}

Requirement SelectorReader::requirement(std::string_view key, KeyStyle style, Operator op,
                                        std::vector<std::string> values) const {
  const std::string full = validated_key(key, style);
  const SourceAndKey parts = split_source(full, has(release_, Trait::kStrictSelectorKeys) ? ':' : '.', release_);
  Requirement result{.op = op, .source = symbols_.intern(parts.source), .key = symbols_.intern(parts.key)};
  if (result.source == kNoSource) result.source = kAny;
  result.unspec = parts.source == "unspec";
  if (result.source == kCidr) result.prefix = prefix_of_key(parts.key);
  for (const std::string& value : values) result.values.push_back(symbols_.intern(value));
  std::ranges::sort(result.values);
  return result;
}

Selector SelectorReader::read(const Document& document, const Path& path, KeyStyle style, Report& report) const {
  return read(document, path, style, "", report);
}

Selector SelectorReader::read_namespace_selector(const Document& document, const Path& path, Report& report) const {
  return read(document, path, KeyStyle::kKubernetes, kNamespaceLabelsPrefix, report);
}

Selector SelectorReader::read_group_selector(const Document& document, const Path& path, Report& report) const {
  Selector selector = read(document, path, KeyStyle::kCidrGroup, report);
  if (!has(release_, Trait::kGroupValuesKept)) return selector;
  for (Requirement& r : selector.requirements) {
    if (r.op != Operator::kIn && r.op != Operator::kNotIn) continue;
    r.by_encoded_value = true;
    for (Symbol& value : r.values) {
      value = symbols_.intern(encoded_group_key(symbols_.text(r.key), symbols_.text(value)));
    }
  }
  return selector;
}

// One selector while it is read: its requirements, and what is wrong with them.
struct SelectorReader::Reading {
  const SelectorReader& reader;
  KeyStyle style;
  std::string key_prefix;
  Report& report;
  std::vector<Requirement> requirements{};
  bool broken = false;  // and not validated, so that it is not refused

  void wrong(const Path& where, std::string_view reason) {
    if (style == KeyStyle::kKubernetes && !has(reader.release_, Trait::kNetworkPolicyValidated)) {
      broken = true;
    } else {
      report.reject(where, "invalid label selector: " + std::string(reason));
    }
  }

  void check_key(const Path& where, std::string_view key) {
    const std::string full = reader.validated_key(key, style);
    const bool strict = has(reader.release_, Trait::kStrictSelectorKeys);
    const std::string problem = !strict                         ? wrong_label_key(full)
                                : style == KeyStyle::kCidrGroup ? wrong_key_with_source(full)
                                                                : wrong_key_with_source(key);
    if (!problem.empty()) wrong(where, "'" + std::string(key) + "': " + problem);
  }

  void check_value(const Path& where, std::string_view value) {
    if (const std::string problem = wrong_label_value(value); !problem.empty()) wrong(where, problem);
  }

  void read_labels(const Document& labels, const Path& path) {
    for (const auto& [name, value] : labels.members) {
      const std::string key = key_prefix + name;
      if (!value.is_string() && !value.is_null()) report.reject(path / name, "must be a string");
      check_key(path / name, key);
      check_value(path / name, value.text);
      requirements.push_back(reader.requirement(key, style, Operator::kIn, {value.text}));
      requirements.back().in_match_labels = true;
    }
    std::ranges::sort(requirements, {}, [](const Requirement& r) { return std::pair(r.source, r.key); });
  }

  void read_expression(const Document& document, const Path& path) {
    const Fields expression(document, path, report);
    const std::string key = key_prefix + expression.text("key");
    const std::string name = expression.text("operator");
    const std::vector<std::string> values = expression.texts("values").value_or(std::vector<std::string>{});
    check_key(path / "key", key);
    for (const std::string& value : values) check_value(path / "values", value);
    if (name == "In" || name == "NotIn") {
      if (values.empty()) wrong(path / "values", "must be given when the operator is In or NotIn");
      requirements.push_back(reader.requirement(key, style, name == "In" ? Operator::kIn : Operator::kNotIn, values));
    } else if (name == "Exists" || name == "DoesNotExist") {
      if (!values.empty()) wrong(path / "values", "may not be given when the operator is Exists or DoesNotExist");
      const Operator op = name == "Exists" ? Operator::kExists : Operator::kDoesNotExist;
      requirements.push_back(reader.requirement(key, style, op, {}));
    } else {
      wrong(path / "operator", "'" + name + "' is no operator");
    }
  }
};

Selector SelectorReader::read(const Document& document, const Path& path, KeyStyle style, std::string_view key_prefix,
                              Report& report) const {
  Reading reading{.reader = *this, .style = style, .key_prefix = std::string(key_prefix), .report = report};
  const Fields fields(document, path, report);
  if (const Document* labels = fields.map("matchLabels")) reading.read_labels(*labels, path / "matchLabels");
  if (const Document* expressions = fields.list("matchExpressions")) {
    const Path at = path / "matchExpressions";
    for (std::size_t i = 0; i < expressions->items.size(); ++i) reading.read_expression(expressions->items[i], at[i]);
  }
  Selector selector;
  if (reading.broken && has(release_, Trait::kNetworkPolicyBadSelectorMatchesAll)) {
    selector.unreadable = true;
    return selector;
  }
  for (Requirement& r : reading.requirements) selector.require(std::move(r));
  return selector;
}

}  // namespace sextant::policy
