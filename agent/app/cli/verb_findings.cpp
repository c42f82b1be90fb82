#include <algorithm>
#include <optional>

#include "agent/app/cli/print.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/time_text.h"
#include "agent/app/cli/verbs.h"
#include "agent/app/cli/views.h"

namespace sextant::app::cli {
namespace {

bool as_bad_as(const v1alpha1::Finding& finding, Severity limit) {
  const auto severity = severity_from(finding.severity());
  return finding.state() == "open" && (!severity || *severity >= limit);  // a word of a newer daemon counts
}

bool filtered(const FindingsOptions& options) {
  return options.since || !options.severities.empty() || !options.codes.empty() || !options.ns.empty();
}

Result<int> show_one(Io& io, const CommandLine& line) {
  const FindingsOptions& options = line.findings;
  const auto finding =
      client_of(line.global).fetch<v1alpha1::Finding>("/api/v1alpha1/findings/" + percent_encoded(options.id));
  if (!finding) return Failure(finding.error());
  print(io, line.global, *finding,
        [&](const Layout& layout) { return finding_page(*finding, layout, io.clock.now()); });
  return options.fail_on && as_bad_as(*finding, *options.fail_on) ? kSomethingToReport : kDone;
}

Query choice_query(const FindingsOptions& options) {
  Query query;
  if (!options.severities.empty()) query.add("severity", join(options.severities, ","));
  if (!options.codes.empty()) query.add("code", join(options.codes, ","));
  if (!options.ns.empty()) query.add("namespace", options.ns);
  return query;
}

}  // namespace

Query watch_query(const FindingsOptions& options) { return choice_query(options); }

Query findings_query(const FindingsOptions& options) {
  Query query = choice_query(options);
  if (options.all) query.add("all", "true");
  if (options.since) query.add("since", rfc3339(*options.since));
  return query;
}

Result<int> findings_verb(Io& io, const CommandLine& line) {
  const FindingsOptions& options = line.findings;
  if (!options.id.empty()) return show_one(io, line);
  if (options.watch) return watch_findings(io, line);
  const Client client = client_of(line.global);
  const auto list = client.fetch<v1alpha1::FindingList>("/api/v1alpha1/findings" + findings_query(options).text());
  if (!list) return Failure(list.error());

  FindingsShown shown{.resolved_too = options.all, .filtered = filtered(options)};
  std::optional<v1alpha1::Status> status;
  const bool for_people = line.global.output == Output::kTable || line.global.output == Output::kWide;
  if (list->findings().empty() && for_people && !shown.filtered) {
    auto asked = client.fetch<v1alpha1::Status>("/api/v1alpha1/status");
    if (!asked) return Failure(asked.error());  // "none" of a daemon that does not say whether it sees is no answer
    shown.status = &status.emplace(*std::move(asked));
  }
  print(io, line.global, *list,
        [&](const Layout& layout) { return findings_page(*list, shown, layout, io.clock.now()); });
  const bool bad = options.fail_on && std::ranges::any_of(list->findings(), [&](const auto& finding) {
                     return as_bad_as(finding, *options.fail_on);
                   });
  return bad ? kSomethingToReport : kDone;
}

}  // namespace sextant::app::cli
