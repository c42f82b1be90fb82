// Labels as identities carry them: source, key and value, interned.
//
// An identity has one label per key, whatever the source (Cilium keeps them in a map by key); prefixes that it stands
// for are kept apart, for they are matched by containment.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/base/ip.h"
#include "agent/policy/engine.h"

namespace sextant::policy {

// A string's number; the same string always has the same one. 0 is the empty string.
using Symbol = std::uint32_t;

class Symbols {
 public:
  Symbols();
  Symbol intern(std::string_view text);
  std::string_view text(Symbol symbol) const { return texts_[symbol]; }

 private:
  std::deque<std::string> texts_{};  // stable addresses: the map's keys point into them
  std::unordered_map<std::string_view, Symbol> by_text_{};
};

// Sources that code names. Interned by Symbols' constructor in this order, after the empty string.
enum Source : Symbol { kNoSource = 0, kAny, kK8s, kReserved, kCidr, kCidrGroup, kNodeSource };
// Keys likewise, after the sources.
enum Key : Symbol { kWorldKey = kNodeSource + 1, kWorldV4Key, kWorldV6Key, kHostKey, kRemoteNodeKey, kInitKey };

struct Label {
  Symbol source = kNoSource;
  Symbol key = 0;
  Symbol value = 0;
  auto operator<=>(const Label&) const = default;
};

class LabelSet {
 public:
  // Replaces the label of the same key.
  void put(Label label);
  // Keeps the label of the same key, if there is one.
  void put_if_absent(Label label);
  void add_prefix(const Prefix& prefix);

  const Label* find(Symbol key) const;
  const std::vector<Label>& labels() const { return labels_; }
  const std::vector<Prefix>& prefixes() const { return prefixes_; }

  bool is_world() const { return find(kWorldKey) || find(kWorldV4Key) || find(kWorldV6Key); }
  bool is_node() const { return find(kHostKey) || find(kRemoteNodeKey); }

  bool operator==(const LabelSet&) const = default;
  std::size_t hash() const;
  // "k8s:app=web,reserved:host,cidr:2001:db8::/32", sorted.
  std::string to_string(const Symbols& symbols) const;

 private:
  std::vector<Label> labels_{};     // sorted by key
  std::vector<Prefix> prefixes_{};  // sorted
};

// Containment within one family: 10.0.0.0/8 lies in 0.0.0.0/0, not in ::/0, whatever the 128-bit form says.
bool covers(const Prefix& outer, const Prefix& inner);
bool covers(const Prefix& outer, const IpAddress& address);
struct PrefixHash {
  std::size_t operator()(const Prefix& prefix) const {
    return std::hash<std::uint64_t>()((prefix.address.high() * 0x9e3779b97f4a7c15 ^ prefix.address.low()) +
                                      prefix.length);
  }
};
// A whole family: ::/0 or 0.0.0.0/0.
bool is_zero_prefix(const Prefix& prefix);

// Label keys that Cilium and Kubernetes give meaning to.
inline constexpr std::string_view kNamespaceKey = "io.kubernetes.pod.namespace";
inline constexpr std::string_view kNamespaceLabelsPrefix = "io.cilium.k8s.namespace.labels.";
inline constexpr std::string_view kClusterKey = "io.cilium.k8s.policy.cluster";
inline constexpr std::string_view kServiceAccountKey = "io.cilium.k8s.policy.serviceaccount";
inline constexpr std::string_view kCiliumLabelPrefix = "io.cilium.k8s";
inline constexpr std::string_view kGroupNamePrefix = "io.cilium.policy.cidrgroupname/";

// Splits "source:key" as Cilium does: '$x' is reserved, and 'reserved.x' too (Trait::kReservedDotIsSource); without a
// source it is empty.
struct SourceAndKey {
  std::string_view source{};
  std::string_view key{};
};
SourceAndKey split_source(std::string_view text, char separator, Release release);

// The key under which a Kubernetes label `key` is kept, its source being given: '$x' is kept as 'x'.
std::string_view key_in_identity(std::string_view key, Release release);

// Whether Cilium's default label filter lets a label with this key (of any source but reserved) into an identity.
bool reaches_identity(std::string_view key, Release release);

}  // namespace sextant::policy
