// The policy of one subject: what of all policies applies to it, laid out for judging.
#pragma once

#include <cstdint>
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
  bool always = false;                  // enable-policy=always, or the subject has no labels yet
  bool authenticates = false;           // some rule has an authentication mode
  bool uncertain = false;               // some item is
  std::string broken{};                 // not empty: Cilium cannot compute the policy, for this reason
  std::vector<Item> items{};            // sorted by tier and priority
  std::uint64_t overlaps = 0;           // of all items (overlaps.h)
  std::vector<Written> selecting{};     // elements that select the subject
  SharedPolicies selecting_policies{};  // their policies, each once
  SharedPolicies closing_policies{};    // those of them that ask for default deny
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
  std::uint64_t serial = 0;  // another for every reading of every policy
};

// A spec that selects a subject.
struct SelectedSpec {
  const CompiledPolicy* policy = nullptr;
  std::uint32_t index = 0;

  const Spec& spec() const { return policy->policy.specs[index]; }
};

// Whether it is about the subject, and says anything of ingress.
bool selects(const Spec& spec, const LabelSet& labels, bool host);

// `selected`: all that select the subject, in the order of the policies. Subjects that the same specs select and that
// bring the same have the same policy, whoever they are: of their labels only those matter that make them hosts or
// init.
SubjectPolicy build_subject(const Subjectivity& subject, const std::vector<SelectedSpec>& selected,
                            const Options& options, const Identities& identities);

// Whether the spec uses port names, so that subjects with other ports differ.
bool names_ports(const Spec& spec);

}  // namespace sextant::policy
