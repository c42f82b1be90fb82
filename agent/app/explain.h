// One verdict explained, for the daemon and the offline verbs alike: of an endpoint by the engine, of a service's
// public address backend by backend.
#pragma once

#include <string>

#include "agent/audit/services/door_explanation.h"
#include "agent/base/result.h"
#include "agent/policy/engine.h"
#include "agent/report/backend.h"

namespace sextant::app {

struct ExplainGround {
  const policy::Engine& engine;
  audit::ServiceGround services;
  audit::Deciding decide{};  // with the rules that were considered
  std::string cilium_release{};
};

// Errors: no such endpoint or source; a service that is asked for by what is no client of the internet.
Result<report::ExplainView> explain(const ExplainGround& ground, const report::ExplainRequest& request);

}  // namespace sextant::app
