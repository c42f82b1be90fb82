#include "agent/app/lint_view.h"

#include <utility>

namespace sextant::app {

report::LintView view_of(const audit::lint::Report& report, policy::Release release) {
  report::LintView view{.policies = report.policies,
                        .silenced = report.silenced,
                        .cilium_release = std::string(policy::to_string(release))};
  view.remarks.reserve(report.remarks.size());
  for (const audit::lint::Remark& remark : report.remarks) {
    const audit::lint::Reason& reason = audit::lint::reason(remark.reason);
    view.remarks.push_back({.code = code_of(reason),
                            .severity = reason.severity,
                            .title = std::string(reason.title),
                            .policy = remark.policy,
                            .message = remark.message,
                            .fix = remark.fix});
  }
  return view;
}

report::LintView at_least(report::LintView view, Severity least) {
  std::erase_if(view.remarks, [least](const report::LintRemark& remark) { return remark.severity < least; });
  return view;
}

}  // namespace sextant::app
