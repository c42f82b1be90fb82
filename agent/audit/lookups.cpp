#include "agent/audit/lookups.h"

#include <set>

#include "agent/policy/engine.h"

namespace sextant::audit {
namespace {

std::vector<std::shared_ptr<const SourceClass>> public_classes_of(const policy::Engine& engine) {
  std::set<ClassId> seen;
  std::vector<std::shared_ptr<const SourceClass>> classes;
  for (const SourceRange& range : engine.sources()) {
    if (!seen.insert(range.source).second) continue;
    auto source = engine.source_class(range.source);
    if (source && source->is_public) classes.push_back(std::move(source));
  }
  return classes;
}

}  // namespace

Lookups lookups_of(const policy::Engine& engine) {
  return {.intent = [&engine](const EndpointRef& endpoint) { return engine.intent(endpoint); },
          .source_class = [&engine](ClassId id) { return engine.source_class(id); },
          .classify = [&engine](const IpAddress& address) { return engine.classify(address); },
          .problems = [&engine] { return engine.problems(); },
          .workload_intent = [&engine](const ObjectKey& workload) { return engine.intent_of_workload(workload); },
          .decide = [&engine](const policy::Subject& to, const policy::Peer& from, Protocol protocol,
                              std::uint16_t port) { return engine.decide(to, from, protocol, port); },
          .public_classes = [&engine] { return public_classes_of(engine); }};
}

}  // namespace sextant::audit
