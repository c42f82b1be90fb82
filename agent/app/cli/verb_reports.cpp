// lint, of the daemon or of manifests, and diff, of manifests.
#include <algorithm>

#include "agent/app/cli/offline.h"
#include "agent/app/cli/print.h"
#include "agent/app/cli/results/results.h"
#include "agent/app/cli/verbs.h"
#include "agent/app/cli/views.h"
#include "agent/app/lint_view.h"
#include "agent/audit/exposure_diff.h"
#include "agent/audit/lint/lint.h"
#include "agent/report/convert.h"
#include "agent/report/convert_parts.h"
#include "agent/report/utf8.h"

namespace sextant::app::cli {
namespace {

// In the formats for machines that have their own words for results; false: it is none of these.
template <class Message>
bool print_results(Io& io, Output output, const Message& report) {
  switch (output) {
    case Output::kTap:
      io.out << to_tap(results_of(report));
      return true;
    case Output::kJunit:
      io.out << to_junit(results_of(report));
      return true;
    case Output::kSarif:
      io.out << to_sarif(results_of(report));
      return true;
    case Output::kMarkdown:
      io.out << to_markdown(results_of(report));
      return true;
    default:
      return false;
  }
}

template <class Message, class MakePage>
void print_report(Io& io, const CommandLine& line, const Message& report, MakePage make_page) {
  if (print_results(io, line.global.output, report)) return;
  print(io, line.global, report, [&](const Layout& layout) { return make_page(report, layout); });
}

bool say_problems(Io& io, std::string_view verb, const Offline& offline) {
  for (const auto& problem : offline.problems()) {
    io.err << "sextant: " << verb << ": " << problem.to_string() << '\n';
  }
  return !offline.problems().empty();
}

// What could not be read comes before what was found: the report is true of the rest only.
int status_of(bool problems, bool anything) { return problems ? kCouldNotTell : anything ? kSomethingToReport : kDone; }

std::string verdict_text(const std::optional<Verdict>& verdict) {
  return verdict ? std::string(to_string(*verdict)) : std::string();
}

v1alpha1::ExposureChange to_message(const audit::ExposureChange& change) {
  v1alpha1::ExposureChange out;
  out.set_change(std::string(to_string(change.kind)));
  *out.mutable_endpoint() = report::detail::to_message(change.endpoint);
  out.set_protocol(to_string(change.protocol));
  out.set_port(change.first_port);
  out.set_end_port(change.last_port);
  out.set_before(verdict_text(change.before));
  out.set_after(verdict_text(change.after));
  out.mutable_source()->set_class_(change.source.source_class);
  for (const Prefix& prefix : change.source.prefixes) out.mutable_source()->add_prefixes(prefix.to_string());
  for (const Prefix& prefix : change.source.except) out.mutable_source()->add_except_prefixes(prefix.to_string());
  if (change.source.sample) out.mutable_source()->set_sample(change.source.sample->to_string());
  out.set_reason(report::utf8(change.why));
  for (const PolicyRef& policy : change.policies) *out.add_policies() = report::to_message(policy);
  out.set_cause(change.cause);
  return out;
}

v1alpha1::DiffReport to_message(const std::vector<audit::ExposureChange>& changes, std::string before,
                                std::string after) {
  v1alpha1::DiffReport report;
  report.set_before(report::utf8(before));
  report.set_after(report::utf8(after));
  for (const audit::ExposureChange& change : changes) *report.add_changes() = to_message(change);
  return report;
}

Result<Offline> load_tree(const DiffOptions& options, const std::string& tree, std::istream& in) {
  OfflineOptions offline = options.offline;
  offline.manifests = {tree};
  return Offline::load(offline, in);
}

Result<int> report_diff(Io& io, const CommandLine& line, bool problems, const v1alpha1::DiffReport& report) {
  print_report(io, line, report, diff_page);
  return status_of(problems, report.changes_size() > 0);
}

Result<int> diff_releases(Io& io, const CommandLine& line) {
  const DiffOptions& options = line.diff;
  if (options.trees.size() != 1) return failure("--from-cilium and --to-cilium take one tree");
  const auto tree = load_tree(options, options.trees[0], io.in);
  if (!tree) return Failure(tree.error());
  const bool problems = say_problems(io, "diff", *tree);
  policy::Options from = tree->engine().options();
  policy::Options to = from;
  from.release = *options.from_cilium;
  to.release = *options.to_cilium;
  const auto changes = audit::diff_releases(tree->world(), from, to);
  return report_diff(io, line, problems,
                     to_message(changes, "Cilium " + options.from_text, "Cilium " + options.to_text));
}

Result<int> report_lint(Io& io, const CommandLine& line, bool problems, const v1alpha1::LintReport& report) {
  print_report(io, line, report, lint_page);
  return status_of(problems, report.remarks_size() > 0);
}

Result<int> lint_daemon(Io& io, const CommandLine& line) {
  const LintOptions& options = line.lint;
  Query query;
  if (!options.offline.cilium.empty()) query.add("cilium", options.offline.cilium.back());
  if (options.least != Severity::kInfo) query.add("severity", to_string(options.least));
  const auto report = client_of(line.global).fetch<v1alpha1::LintReport>("/api/v1alpha1/lint" + query.text());
  if (!report) return Failure(report.error());
  return report_lint(io, line, false, *report);
}

}  // namespace

Result<int> lint_verb(Io& io, const CommandLine& line) {
  if (line.lint.offline.manifests.empty()) return lint_daemon(io, line);
  const auto offline = Offline::load(line.lint.offline, io.in);
  if (!offline) return Failure(offline.error());
  const bool problems = say_problems(io, "lint", *offline);
  const policy::Options& options = offline->engine().options();
  report::LintView view = view_of(audit::lint::lint(offline->world(), options), options.release);
  return report_lint(io, line, problems, report::to_message(at_least(std::move(view), line.lint.least)));
}

Result<int> diff_verb(Io& io, const CommandLine& line) {
  const DiffOptions& options = line.diff;
  if (options.from_cilium) return diff_releases(io, line);
  if (options.trees.size() != 2)
    return failure("two trees are wanted, the old and the new; or --from-cilium and --to-cilium");
  if (options.trees[0] == "-" && options.trees[1] == "-") return failure("standard input can be read only once");
  const auto before = load_tree(options, options.trees[0], io.in);
  if (!before) return Failure(before.error());
  const auto after = load_tree(options, options.trees[1], io.in);
  if (!after) return Failure(after.error());
  const bool old_problems = say_problems(io, "diff", *before);
  const bool new_problems = say_problems(io, "diff", *after);
  const auto changes = audit::diff({before->world(), before->engine()}, {after->world(), after->engine()});
  return report_diff(io, line, old_problems || new_problems, to_message(changes, options.trees[0], options.trees[1]));
}

}  // namespace sextant::app::cli
