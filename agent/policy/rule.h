// A policy object as the engine holds it: selectors, ports and actions, with the way back to where each was written.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/model/intent.h"
#include "agent/model/objects.h"
#include "agent/policy/selector.h"

namespace sextant::policy {

enum class Action : std::uint8_t { kAllow, kDeny, kPass };

// Policies are decided tier by tier (pkg/policy/types/policyentry.go). Before 1.20 all are of one tier.
enum class Tier : std::uint8_t { kAdmin, kNormal, kBaseline, kDefault };

enum class AuthMode : std::uint8_t { kUnset, kDisabled, kRequired, kAlwaysFail };

// How a port asks for the L7 proxy.
struct Redirect {
  std::string parser{};       // "http", "kafka", "tls", a proxylib name; empty: none
  std::uint8_t priority = 0;  // of the listener; lower goes first, 0 is last
  bool has_rules = false;     // some rule on requests, not only a parser
  bool server_names = false;
  bool terminates_tls = false;

  bool any() const { return !parser.empty(); }
  bool operator==(const Redirect&) const = default;
};

struct PortItem {
  Protocol protocol = Protocol::kAny;  // kAny: TCP, UDP and SCTP
  std::string name{};                  // a named port; else empty
  std::uint16_t port = 0;              // 0: all
  std::uint16_t end_port = 0;          // of a range when greater than port
  std::uint16_t merge_key = 0;         // what Cilium merges ports by: see Trait::kPortKeyIsDecimal
};

struct PortRule {
  std::vector<PortItem> ports{};
  Redirect redirect{};
};

// Whom an entry is about.
struct Peers {
  std::vector<Selector> selectors{};
  bool everyone = false;           // written so, or nobody was named
  bool nobody = false;             // an empty list was given
  std::vector<Prefix> prefixes{};  // that the selectors name, exceptions included
  // Not empty: the peers cannot be computed (cloud groups); then any source outside the cluster may be one.
  std::string unknown{};
};

// One element of ingress or ingressDeny, or one peer of a NetworkPolicy's rule.
struct Entry {
  Action action = Action::kAllow;
  Tier tier = Tier::kNormal;
  double priority = 0;       // within the tier, lower goes first
  bool default_deny = true;  // asks for default deny on its subjects
  Peers peers{};
  bool any_port = false;  // no ports given: every protocol too
  std::vector<PortRule> ports{};
  AuthMode auth = AuthMode::kUnset;
  std::string where{};  // "spec.ingress[0]"
  std::uint32_t line = 0;
};

// One spec: a subject and its ingress.
struct Spec {
  Selector subject{};
  bool node = false;    // nodeSelector
  std::string where{};  // "spec", "specs[1]"
  std::vector<Entry> entries{};
  std::vector<Requirement> allow_requires{};  // fromRequires of ingress and of ingressDeny
  std::vector<Requirement> deny_requires{};
};

struct Policy {
  ObjectKey key{};
  Origin origin{};
  std::vector<Spec> specs{};
  std::vector<Prefix> prefixes{};  // that it names anywhere, egress included
  std::optional<std::string> rejected{};
  std::vector<std::string> notes{};

  PolicyRef ref(const Entry* entry) const;
};

}  // namespace sextant::policy
