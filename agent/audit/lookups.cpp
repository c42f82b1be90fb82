#include "agent/audit/lookups.h"

#include "agent/policy/engine.h"

namespace sextant::audit {

Lookups lookups_of(const policy::Engine& engine) {
  return {.intent = [&engine](const EndpointRef& endpoint) { return engine.intent(endpoint); },
          .source_class = [&engine](ClassId id) { return engine.source_class(id); },
          .classify = [&engine](const IpAddress& address) { return engine.classify(address); },
          .problems = [&engine] { return engine.problems(); }};
}

}  // namespace sextant::audit
