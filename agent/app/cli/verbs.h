// The verbs: each asks, prints, and gives the exit status. An Error is printed by the caller, and is exit status 2.
#pragma once

#include "agent/app/cli/client.h"
#include "agent/app/cli/io.h"
#include "agent/app/cli/options.h"
#include "agent/base/result.h"

namespace sextant::app::cli {

inline constexpr int kDone = 0;
inline constexpr int kSomethingToReport = 1;
inline constexpr int kCouldNotTell = 2;

Result<int> status_verb(Io& io, const CommandLine& line);
Result<int> findings_verb(Io& io, const CommandLine& line);
Result<int> endpoints_verb(Io& io, const CommandLine& line);
Result<int> exposure_verb(Io& io, const CommandLine& line);
Result<int> explain_verb(Io& io, const CommandLine& line);
Result<int> explain_batch(Io& io, const ExplainOptions& options);
Result<int> lint_verb(Io& io, const CommandLine& line);
Result<int> diff_verb(Io& io, const CommandLine& line);
Result<int> attempts_verb(Io& io, const CommandLine& line);
Result<int> bench_verb(Io& io, const CommandLine& line);
Result<int> version_verb(Io& io, const CommandLine& line);

// findings --watch: what is open, then each change, until the pause says stop. Once it has been connected it outlives
// the daemon: it says so on standard error, and goes on when the daemon is back.
Result<int> watch_findings(Io& io, const CommandLine& line);

inline Client client_of(const GlobalOptions& global) {
  return Client({.server = global.server, .timeout = global.timeout});
}
// The parameters of the findings' list.
Query findings_query(const FindingsOptions& options);
// Those that a watcher may give.
Query watch_query(const FindingsOptions& options);

}  // namespace sextant::app::cli
