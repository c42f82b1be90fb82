// Policies that Cilium takes and that do nothing all the same, as the daemon sees it: for SXT012, beside what is
// refused.
//
// Of lint's reasons two are told while the daemon runs, each of a policy as a whole, and only where nothing that the
// node does not know could make it untrue:
//   selects-nothing  where the source tells pod templates (manifests). An API server tells pods only: a workload that
//                    is scaled to zero, or a job between two runs, would make a finding of every policy that protects
//                    it. `sextant lint` says it of a cluster, on request.
//   shadowed         of policies that let in addresses (fromEntities world, fromCIDR, fromCIDRSet, ipBlock) and nobody
//                    else, if every pod that they select is like one of this node. Who could come of pods is not known.
// What a rule lets in beside others, and rules with L7 rules, authentication or denies are left to `sextant lint`.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "agent/audit/lint/lint.h"
#include "agent/audit/lint/tree.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::audit {

class VoidPolicies {
 public:
  // Both must outlive it. `templates_known`: the source tells pod templates.
  VoidPolicies(const World& world, const policy::Engine& engine, bool templates_known)
      : world_(world), engine_(engine), templates_known_(templates_known) {}

  // The intent changed. What did not change of it is not looked at again.
  void look();
  // Sorted by policy; of each at most one, whose PolicyRef names no rule.
  const std::vector<lint::Remark>& remarks() const { return remarks_; }

 private:
  using Keys = std::set<ObjectKey>;
  // Which policies let somebody in, by these rows.
  struct Deciders {
    decltype(EndpointIntent::rows) rows{};
    Keys policies{};
  };
  // What is known of a policy by what it says.
  struct Reading {
    std::shared_ptr<const PackedDocument> body{};
    bool only_addresses = false;
    bool denies = false;
  };

  void read_policies();
  void look_at_selections();
  void look_at_shadows();
  Keys deciders();
  void look_at_shadow(const PolicyObject& policy);
  std::vector<const Pod*> subjects_of(const ObjectKey& policy) const;
  void say(lint::Remark remark);

  const World& world_;
  const policy::Engine& engine_;
  const bool templates_known_;
  Keys refused_{};  // by Cilium, or known in part
  std::map<ObjectKey, Reading> readings_{};
  std::map<const void*, Deciders> deciders_{};  // by the rows' identity
  std::vector<lint::Remark> remarks_{};
};

}  // namespace sextant::audit
