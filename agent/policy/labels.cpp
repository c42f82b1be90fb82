#include "agent/policy/labels.h"

#include <algorithm>
#include <array>

#include "agent/policy/release.h"

namespace sextant::policy {

Symbols::Symbols() {
  for (const std::string_view text : {"", "any", "k8s", "reserved", "cidr", "cidrgroup", "node", "world", "world-ipv4",
                                      "world-ipv6", "host", "remote-node", "init"}) {
    intern(text);
  }
}

Symbol Symbols::intern(std::string_view text) {
  if (const auto known = by_text_.find(text); known != by_text_.end()) return known->second;
  const auto symbol = static_cast<Symbol>(texts_.size());
  texts_.emplace_back(text);
  by_text_.emplace(texts_.back(), symbol);
  return symbol;
}

namespace {

auto position(std::vector<Label>& labels, Symbol key) { return std::ranges::lower_bound(labels, key, {}, &Label::key); }

}  // namespace

void LabelSet::put(Label label) {
  const auto at = position(labels_, label.key);
  if (at != labels_.end() && at->key == label.key) {
    *at = label;
  } else {
    labels_.insert(at, label);
  }
}

void LabelSet::put_if_absent(Label label) {
  const auto at = position(labels_, label.key);
  if (at == labels_.end() || at->key != label.key) labels_.insert(at, label);
}

void LabelSet::add_prefix(const Prefix& prefix) {
  const auto at = std::ranges::lower_bound(prefixes_, prefix);
  if (at == prefixes_.end() || *at != prefix) prefixes_.insert(at, prefix);
}

const Label* LabelSet::find(Symbol key) const {
  const auto at = std::ranges::lower_bound(labels_, key, {}, &Label::key);
  return at != labels_.end() && at->key == key ? &*at : nullptr;
}

std::size_t LabelSet::hash() const {
  std::size_t hash = 0xcbf29ce484222325;  // FNV-1a, by words
  const auto mix = [&hash](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
  for (const Label& label : labels_) {
    mix(label.source);
    mix(label.key);
    mix(label.value);
  }
  for (const Prefix& prefix : prefixes_) {
    mix(prefix.address.high());
    mix(prefix.address.low());
    mix(prefix.length);
  }
  return hash ^ (hash >> 29);
}

std::string LabelSet::to_string(const Symbols& symbols) const {
  std::vector<std::string> parts;
  for (const Label& label : labels_) {
    std::string part = std::string(symbols.text(label.source)) + ":" + std::string(symbols.text(label.key));
    if (label.value != 0) part += "=" + std::string(symbols.text(label.value));
    parts.push_back(std::move(part));
  }
  for (const Prefix& prefix : prefixes_) parts.push_back("cidr:" + prefix.to_string());
  std::ranges::sort(parts);
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

bool covers(const Prefix& outer, const Prefix& inner) {
  return outer.is_v4() == inner.is_v4() && outer.contains(inner);
}

bool covers(const Prefix& outer, const IpAddress& address) {
  return outer.is_v4() == address.is_v4() && outer.contains(address);
}

bool is_zero_prefix(const Prefix& prefix) { return prefix.length == 0 || (prefix.is_v4() && prefix.length == 96); }

SourceAndKey split_source(std::string_view text, char separator, Release release) {
  constexpr std::string_view kReservedDot = "reserved.";
  if (text.empty()) return {};
  if (text.front() == '$') return {"reserved", text.substr(1)};
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) {
    const bool reserved = separator != '.' && has(release, Trait::kReservedDotIsSource);
    if (reserved && text.starts_with(kReservedDot)) return {"reserved", text.substr(kReservedDot.size())};
    return {"", text};
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

std::string_view key_in_identity(std::string_view key, Release release) { return split_source(key, ':', release).key; }

namespace {

// pkg/labelsfilter/filter.go:defaultLabelPrefixCfg. Each stands for a regular expression anchored at the key's start.
constexpr std::array<std::string_view, 5> kIncluded{"io.kubernetes.pod.namespace", "io.cilium.k8s.namespace.labels",
                                                    "app.kubernetes.io", "io.cilium.k8s.policy.cluster",
                                                    "io.cilium.k8s.policy.serviceaccount"};
constexpr std::array<std::string_view, 12> kIgnored{"io.kubernetes",
                                                    "kubernetes.io",
                                                    "statefulset.kubernetes.io/pod-name",
                                                    "apps.kubernetes.io/pod-index",
                                                    "batch.kubernetes.io/job-completion-index",
                                                    "batch.kubernetes.io/controller-uid",
                                                    "k8s.io",
                                                    "pod-template-generation",
                                                    "pod-template-hash",
                                                    "controller-revision-hash",
                                                    "controller-uid",
                                                    "etcd_node"};
constexpr std::string_view kBeta = "beta.kubernetes.io";
constexpr std::string_view kAnnotation = "annotation";
constexpr std::string_view kTopology = "topology.kubernetes.io";

// The length of the shortest pattern that drops the key; 0: none does.
std::size_t ignored_length(std::string_view key, Release release) {
  std::size_t shortest = 0;
  const auto matched = [&shortest](std::size_t length) {
    if (shortest == 0 || length < shortest) shortest = length;
  };
  for (const std::string_view prefix : kIgnored) {
    if (key.starts_with(prefix)) matched(prefix.size());
  }
  if (const std::size_t at = key.rfind(kBeta); at != std::string_view::npos) matched(at + kBeta.size());
  if (key.starts_with(kAnnotation)) matched(key.size());
  if (has(release, Trait::kTopologyLabelsFiltered) && key.starts_with(kTopology)) matched(kTopology.size());
  return shortest;
}

}  // namespace

bool reaches_identity(std::string_view key, Release release) {
  const std::size_t ignored = ignored_length(key, release);
  if (ignored == 0) return true;
  std::size_t included = 0;
  for (const std::string_view prefix : kIncluded) {
    if (key.starts_with(prefix)) included = std::max(included, prefix.size());
  }
  return included > ignored;
}

}  // namespace sextant::policy
