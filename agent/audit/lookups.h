// What the auditor asks of the policy engine: a few questions, so that audits can be tested on intents made by hand.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agent/audit/lint/lint.h"
#include "agent/base/result.h"
#include "agent/model/intent.h"

namespace sextant::policy {
class Engine;
struct Peer;
struct Subject;
}  // namespace sextant::policy

namespace sextant::audit {

using Deciding = std::function<Result<Decision>(const policy::Subject&, const policy::Peer&, Protocol, std::uint16_t)>;

struct Lookups {
  // nullptr: no such endpoint.
  std::function<std::shared_ptr<const EndpointIntent>(const EndpointRef&)> intent{};
  // Also of classes that no longer exist; nullptr for an id never given.
  std::function<std::shared_ptr<const SourceClass>(ClassId)> source_class{};
  // The class that an address is in now.
  std::function<std::shared_ptr<const SourceClass>(const IpAddress&)> classify{};
  std::function<std::vector<PolicyProblem>()> problems{};
  // Policies that do nothing although Cilium takes them (void_policies.h). Empty: nobody looks.
  std::function<std::vector<lint::Remark>()> void_policies{};
  // For services, which lead to endpoints of other nodes and change who a packet comes from.
  std::function<std::shared_ptr<const EndpointIntent>(const ObjectKey&)> workload_intent{};  // of a pod template
  Deciding decide{};
  std::function<std::vector<std::shared_ptr<const SourceClass>>()> public_classes{};
};

// The engine must outlive them.
Lookups lookups_of(const policy::Engine& engine);

}  // namespace sextant::audit
