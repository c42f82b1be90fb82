#include <algorithm>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

Style style_of(const v1alpha1::Remark& remark) { return remark.severity() == "info" ? Style::kPlain : Style::kWarning; }

std::string place_of(const v1alpha1::PolicyRef& policy) {
  const std::string origin = origin_text(policy);
  return (origin.empty() ? "" : origin + "  ") + object_text(policy) +
         (policy.rule().empty() ? "" : " " + policy.rule());
}

std::string summary(const v1alpha1::LintReport& report) {
  const auto warnings = std::ranges::count(report.remarks(), "warning", &v1alpha1::Remark::severity);
  const auto all = static_cast<std::size_t>(report.remarks_size());
  std::string text = counted(all, "remark", "remarks") + " on " + counted(report.policies(), "policy", "policies");
  if (warnings > 0) text += ", " + counted(static_cast<std::size_t>(warnings), "warning", "warnings") + " among them";
  text += ", as Cilium " + report.cilium_release() + " decides";
  if (report.silenced() > 0) text += "; " + std::to_string(report.silenced()) + " silenced by annotations";
  return text + ".";
}

}  // namespace

std::string lint_page(const v1alpha1::LintReport& report, const Layout& layout) {
  Page page(layout);
  for (const auto& remark : report.remarks()) {
    page.say(place_of(remark.policy()), Style::kStrong);
    page.say(remark.severity() + " " + remark.code() + ": " + remark.message() + ".", style_of(remark), 2);
    page.say("Fix: " + remark.fix() + ".", Style::kPlain, 2);
    if (layout.wide) page.say("About: " + remark.title() + ".", Style::kDim, 2);
    page.gap();
  }
  page.say(summary(report), report.remarks().empty() ? Style::kGood : Style::kPlain);
  return page.text();
}

}  // namespace sextant::app::cli
