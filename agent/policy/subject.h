// The policy of one subject: what of all policies applies to it, laid out for judging.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/policy/matcher.h"
#include "agent/policy/rule.h"

namespace sextant::policy {

// Values of the low byte of Cilium's precedence (1.20, pkg/policy/types/entry.go); others order in the same way.
inline constexpr std::uint8_t kPassRank = 0, kAllowRank = 1, kLastRedirectRank = 2, kDenyRank = 255;
std::uint8_t redirect_rank(std::uint8_t listener_priority);

// Where in which policy.
struct Written {
  const Policy* policy = nullptr;
  const Entry* entry = nullptr;
  bool operator==(const Written&) const = default;
};

// One action on one range of ports for some peers.
struct Item {
  std::vector<Written> sources{};          // what it comes from; empty: made by the agent itself
  std::shared_ptr<const Matcher> peers{};  // null: everyone
  bool host_only = false;                  // the local host's allowance
  Protocol protocol = Protocol::kAny;      // kAny: every protocol
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  Tier tier = Tier::kNormal;
  double priority = 0;
  std::uint8_t rank = kAllowRank;
  AuthMode auth = AuthMode::kUnset;
  bool uncertain = false;  // whom it is about cannot be computed: any source outside may be meant

  bool covers(Protocol p, std::uint16_t port) const {
    return protocol == Protocol::kAny || (protocol == p && first_port <= port && port <= last_port);
  }
};

struct SubjectPolicy {
  bool applies = false;  // else everything is allowed, for the reason below
  Because otherwise = Because::kDefaultAllow;
  bool selected = false;  // some policy selects it for ingress
  bool default_deny = false;
  bool always = false;               // enable-policy=always, or the subject has no labels yet
  bool authenticates = false;        // some rule has an authentication mode
  bool uncertain = false;            // some item is
  std::string broken{};              // not empty: Cilium cannot compute the policy, for this reason
  std::vector<Item> items{};         // sorted by tier and priority
  std::vector<Written> selecting{};  // elements that select the subject
};

// What the subject brings.
struct Subjectivity {
  const LabelSet* labels = nullptr;
  bool host = false;                                  // a host endpoint
  const std::vector<ContainerPort>* ports = nullptr;  // null: none
};

// A policy together with the matchers of its entries, spec by spec.
struct CompiledPolicy {
  Policy policy{};
  std::vector<std::vector<std::shared_ptr<const Matcher>>> matchers{};
};

SubjectPolicy build_subject(const Subjectivity& subject, const std::vector<const CompiledPolicy*>& candidates,
                            const Options& options, const Identities& identities);

// Whether the policy uses port names, so that subjects with the same labels but other ports differ.
bool names_ports(const Policy& policy);

}  // namespace sextant::policy
