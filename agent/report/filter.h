// The verbs' filters, from query parameters to a choice among what the daemon knows.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/model/finding.h"
#include "agent/report/backend.h"
#include "agent/report/target.h"

namespace sextant::report {

// all, since, severity, code, namespace. The last three take several values, separated by commas; none given is any.
struct FindingFilter {
  bool all = false;             // resolved ones too
  std::optional<Time> since{};  // those seen or resolved at or after this, resolved ones too
  std::set<Severity> severities{};
  std::set<std::string> codes{};
  std::set<std::string> namespaces{};

  // What does not depend on time or state: what a watcher asks for.
  bool concerns(const Finding& finding) const;
  bool shows(const Finding& finding) const;
};

// namespace and endpoint ("shop/db", "node/n1"); several values, separated by commas.
struct EndpointFilter {
  std::set<std::string> namespaces{};
  std::set<std::string> endpoints{};

  bool shows(const EndpointRef& endpoint) const;
};

struct AttemptFilter {
  EndpointFilter endpoint{};
  std::size_t top = 0;  // of attempts and of sources each; 0: all
};

// `since` is RFC 3339 ("2026-11-21T08:00:00Z", "...+01:00") or so long ago ("90s", "10m", "24h", "7d"). Errors name the
// parameter, one that is unknown or given twice too.
Result<FindingFilter> finding_filter_from(const Target& target, Time now);
// The same for a watcher: all and since have no meaning there.
Result<FindingFilter> watch_filter_from(const Target& target);
Result<EndpointFilter> endpoint_filter_from(const Target& target);
Result<AttemptFilter> attempt_filter_from(const Target& target);
// cilium, severity: remarks at least this severe, warning or info.
Result<LintRequest> lint_request_from(const Target& target);
// For paths that take no parameter.
Result<> no_parameters(const Target& target);

Result<Time> time_from(std::string_view text, Time now);

}  // namespace sextant::report
