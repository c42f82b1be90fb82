#include <algorithm>
#include <optional>

#include "agent/app/cli/ask.h"
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

Result<int> show(Io& io, const CommandLine& line, const v1alpha1::Finding& finding) {
  print(io, line.global, finding, [&](const Layout& layout) { return finding_page(finding, layout, io.clock.now()); });
  const auto& limit = line.findings.fail_on;
  return limit && as_bad_as(finding, *limit) ? kSomethingToReport : kDone;
}

// No node but its own knows it.
Result<int> find_one(Io& io, const CommandLine& line) {
  const auto asked = ask_every_node<v1alpha1::FindingList>(io, line.global, "/api/v1alpha1/findings?all=true");
  if (!asked) return Failure(asked.error());
  const auto& findings = asked->message.findings();
  const auto found = std::ranges::find_if(findings, [&](const auto& f) { return f.id() == line.findings.id; });
  if (found != findings.end()) return show(io, line, *found);
  static_cast<void>(say_silent(io, "findings", *asked));
  return failure("no node has a finding of the id '" + line.findings.id + "' that is open, or was a day ago");
}

Result<int> show_one(Io& io, const CommandLine& line) {
  if (line.global.cluster) return find_one(io, line);
  const std::string target = "/api/v1alpha1/findings/" + percent_encoded(line.findings.id);
  const auto finding = client_of(line.global).fetch<v1alpha1::Finding>(target);
  if (!finding) return Failure(finding.error());
  return show(io, line, *finding);
}

// What "none" is worth: who looked, and who could not. A daemon that does not say so gives no answer.
Result<v1alpha1::ClusterStatus> lookers(const Io& io, const GlobalOptions& global) {
  constexpr const char* kTarget = "/api/v1alpha1/status";
  if (global.cluster) {
    auto asked = ask_every_node<v1alpha1::ClusterStatus>(io, global, kTarget);
    if (!asked) return Failure(asked.error());
    return std::move(asked->message);
  }
  auto status = client_of(global).fetch<v1alpha1::Status>(kTarget);
  if (!status) return Failure(status.error());
  v1alpha1::ClusterStatus one;
  *one.add_nodes() = *std::move(status);
  return one;
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
  auto asked = ask<v1alpha1::FindingList>(io, line.global, "/api/v1alpha1/findings" + findings_query(options).text());
  if (!asked) return Failure(asked.error());
  const auto& list = asked->message;

  FindingsShown shown{.resolved_too = options.all, .filtered = filtered(options)};
  shown.of_cluster = line.global.cluster.has_value();
  std::optional<v1alpha1::ClusterStatus> looked;
  const bool for_people = line.global.output == Output::kTable || line.global.output == Output::kWide;
  if (list.findings().empty() && for_people && !shown.filtered) {
    auto told = lookers(io, line.global);
    if (!told) return Failure(told.error());
    shown.lookers = &looked.emplace(*std::move(told));
  }
  print(io, line.global, list,
        [&](const Layout& layout) { return findings_page(list, shown, layout, io.clock.now()); });
  const bool bad = options.fail_on && std::ranges::any_of(list.findings(), [&](const auto& finding) {
                     return as_bad_as(finding, *options.fail_on);
                   });
  const int told = say_silent(io, "findings", *asked);
  return told == kDone && bad ? kSomethingToReport : told;
}

}  // namespace sextant::app::cli
