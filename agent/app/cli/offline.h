// Offline: what the daemon would answer, of manifests: no cluster, no daemon, no kernel.
//
// Every pod, pod template and node of the manifests is an endpoint, not only one node's.
#pragma once

#include <istream>
#include <memory>
#include <vector>

#include "agent/app/cli/options.h"
#include "agent/base/result.h"
#include "agent/manifests/manifests.h"
#include "agent/model/finding.h"
#include "agent/report/backend.h"

namespace sextant::app::cli {

class Offline {
 public:
  // Reads every path; "-" is `in`. Errors: a path that cannot be read, or nothing in any of them that says anything.
  static Result<Offline> load(const OfflineOptions& options, std::istream& in);
  Offline(Offline&&) noexcept;
  ~Offline();

  // What could not be read, and objects that two paths give: with any, the answers are those of the rest.
  const std::vector<manifests::Problem>& problems() const;
  const World& world() const;
  const policy::Engine& engine() const;
  // Policies that Cilium refuses, or that are known in part.
  std::vector<PolicyProblem> policy_problems() const;

  // Of every endpoint that has a public address or may get one.
  std::vector<Exposure> exposure() const;
  // Errors: no such endpoint or source.
  Result<report::ExplainView> explain(const ExplainOptions& options) const;

 private:
  struct State;
  explicit Offline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::app::cli
