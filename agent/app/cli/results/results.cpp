#include "agent/app/cli/results/results.h"

#include "agent/app/cli/text.h"
#include "agent/app/cli/words.h"
#include "agent/audit/lint/reasons.h"

namespace sextant::app::cli {
namespace {

std::string level_of(std::string_view severity) { return severity == "info" ? "note" : "warning"; }

std::string change_subject(const v1alpha1::ExposureChange& change) {
  return endpoint_text(change.endpoint()) + " " + port_text(change.protocol(), change.port(), change.end_port());
}

std::string change_message(const v1alpha1::ExposureChange& change) {
  const auto verdict = [](const std::string& text) { return text.empty() ? std::string("no such endpoint") : text; };
  std::string text = change.change() + " for " + reach_text(change.source(), 0) + ": " + verdict(change.before()) +
                     " before, " + verdict(change.after()) + " after; " + change.reason();
  if (!change.cause().empty()) text += " [" + change.cause() + "]";
  return text;
}

}  // namespace

Results results_of(const v1alpha1::LintReport& report) {
  Results results{.suite = "lint", .looked = counted(report.policies(), "policy", "policies")};
  for (const audit::lint::Reason& reason : audit::lint::reasons()) {
    results.rules.push_back({.id = audit::lint::code_of(reason),
                             .title = std::string(reason.title),
                             .help = std::string(reason.help),
                             .level = level_of(to_string(reason.severity))});
  }
  for (const auto& remark : report.remarks()) {
    const auto& policy = remark.policy();
    results.items.push_back({.rule = remark.code(),
                             .level = level_of(remark.severity()),
                             .subject = object_text(policy) + (policy.rule().empty() ? "" : " " + policy.rule()),
                             .message = remark.message(),
                             .fix = remark.fix(),
                             .file = policy.file(),
                             .line = policy.line()});
  }
  return results;
}

Results results_of(const v1alpha1::DiffReport& report) {
  Results results{.suite = "diff", .looked = report.before() + " and " + report.after()};
  results.rules = {
      {"exposure/opened", "open to the internet now", "Public sources that were kept out are let in.", "warning"},
      {"exposure/closed", "closed to the internet now", "Public sources that were let in are kept out.", "note"},
      {"exposure/changed", "judged differently now", "Public sources are judged otherwise than before.", "note"}};
  for (const auto& change : report.changes()) {
    ResultItem item{.rule = "exposure/" + change.change(),
                    .level = change.change() == "opened" ? "warning" : "note",
                    .subject = change_subject(change),
                    .message = change_message(change)};
    if (!change.policies().empty()) {
      item.file = change.policies(0).file();
      item.line = change.policies(0).line();
    }
    results.items.push_back(std::move(item));
  }
  return results;
}

}  // namespace sextant::app::cli
