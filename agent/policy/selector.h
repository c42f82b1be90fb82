// Label selectors of policies: parsed, validated and matched as a release of Cilium does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/policy/labels.h"
#include "agent/policy/reader.h"

namespace sextant::policy {

enum class Operator : std::uint8_t { kIn, kNotIn, kExists, kDoesNotExist };

struct Requirement {
  Operator op = Operator::kExists;
  Symbol source = kAny;  // as written; kAny: matches the key under every source
  bool unspec = false;   // the source is written "unspec", which matches like kAny
  Symbol key = 0;
  std::vector<Symbol> values{};    // sorted
  std::optional<Prefix> prefix{};  // source cidr: matched by containment, the key being its text
  // Values are keys under which a group's label is kept once per value (Trait::kGroupValuesKept).
  bool by_encoded_value = false;
  bool in_match_labels = false;  // where it is written

  bool matches(const LabelSet& labels) const;
};

struct Selector {
  std::vector<Requirement> requirements{};
  std::string text{};  // equal for selectors that Cilium takes for one
  // Selects by address: in fromCIDR, fromCIDRSet and ipBlock.
  bool by_prefix = false;
  // Selects nothing but world and, with `nodes_too`, nodes (Trait::kCidrNeedsWorldOrNode).
  bool world_only = false;
  bool nodes_too = false;
  bool of_endpoints = false;  // written in fromEndpoints: fromRequires adds to it
  // Cannot be read, and a peer that has it is everyone (Trait::kNetworkPolicyBadSelectorMatchesAll).
  bool unreadable = false;

  bool everyone() const { return requirements.empty() && !by_prefix; }
  bool matches(const LabelSet& labels) const;

  bool has_source(Symbol source) const;
  bool has_key(Symbol source, Symbol key) const;
  bool has_key_prefix(Symbol source, std::string_view prefix, const Symbols& symbols) const;
  void require(Requirement requirement);
  // The same, in place of what matchLabels says of the same key and source.
  void force(Requirement requirement);
};

// Where a selector is written decides how its keys are read.
enum class KeyStyle : std::uint8_t {
  kCilium,      // source:key, any source when none is given
  kKubernetes,  // keys of Kubernetes' own kinds: source k8s
  kCidrGroup,   // labels of CIDR groups
};

class SelectorReader {
 public:
  SelectorReader(Symbols& symbols, Release release) : symbols_(symbols), release_(release) {}

  // `document` is the selector's map. Reports what Cilium refuses, if it validates this style of selector.
  Selector read(const Document& document, const Path& path, KeyStyle style, Report& report) const;
  // The same with a prefix before every key, for a NetworkPolicy's namespaceSelector.
  Selector read_namespace_selector(const Document& document, const Path& path, Report& report) const;

  // A cidrGroupSelector; the reader of peers makes it one of prefixes.
  Selector read_group_selector(const Document& document, const Path& path, Report& report) const;

  Requirement equals(Symbol source, std::string_view key, std::string_view value) const;
  Requirement exists(Symbol source, std::string_view key) const;
  Symbols& symbols() const { return symbols_; }
  Release release() const { return release_; }

 private:
  struct Reading;
  Selector read(const Document& document, const Path& path, KeyStyle style, std::string_view key_prefix,
                Report& report) const;
  Requirement requirement(std::string_view key, KeyStyle style, Operator op, std::vector<std::string> values) const;
  std::string validated_key(std::string_view key, KeyStyle style) const;

  Symbols& symbols_;
  Release release_;
};

// The key that stands for one value of a CIDR group's label where every value is kept.
std::string encoded_group_key(std::string_view key, std::string_view value);

// What Kubernetes says of a label key ("prefix/name") and of a value; empty: nothing wrong.
std::string wrong_label_key(std::string_view key);
std::string wrong_label_value(std::string_view value);

}  // namespace sextant::policy
