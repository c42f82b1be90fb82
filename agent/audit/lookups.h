// What the auditor asks of the policy engine: four questions, so that audits can be tested on intents made by hand.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agent/model/intent.h"

namespace sextant::policy {
class Engine;
}

namespace sextant::audit {

struct Lookups {
  // nullptr: no such endpoint.
  std::function<std::shared_ptr<const EndpointIntent>(const EndpointRef&)> intent{};
  // Also of classes that no longer exist; nullptr for an id never given.
  std::function<std::shared_ptr<const SourceClass>(ClassId)> source_class{};
  // The class that an address is in now.
  std::function<std::shared_ptr<const SourceClass>(const IpAddress&)> classify{};
  std::function<std::vector<PolicyProblem>()> problems{};
};

// The engine must outlive them.
Lookups lookups_of(const policy::Engine& engine);

}  // namespace sextant::audit
