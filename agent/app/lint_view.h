// What lint has to say, as the API and the command line tell it.
#pragma once

#include "agent/audit/lint/lint.h"
#include "agent/model/finding.h"
#include "agent/policy/engine.h"
#include "agent/report/backend.h"

namespace sextant::app {

// `release`: that it was judged by.
report::LintView view_of(const audit::lint::Report& report, policy::Release release);

// Without the remarks that are less severe than `least`.
report::LintView at_least(report::LintView view, Severity least);

}  // namespace sextant::app
