#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

std::string verdict_text(const v1alpha1::Explanation& e) {
  if (e.verdict() == "redirect") return "allow, through the proxy";
  if (e.verdict() == "auth") return "allow, after authentication";
  return intent_text(e.verdict(), e.because());
}

std::string default_text(const v1alpha1::Explanation& e) {
  if (e.enforced()) return e.selected() ? "deny, for a policy selects the endpoint" : "deny";
  return e.selected() ? "allow, though a policy selects the endpoint" : "allow, for no policy selects the endpoint";
}

void add_rules(Page& page, const v1alpha1::Explanation& e) {
  page.heading("Rules");
  if (e.trace().empty()) {
    page.say(e.selected() ? "None comes near: the policies that select the endpoint have no rule for this."
                          : "No policy selects the endpoint.",
             Style::kPlain, 2);
    return;
  }
  for (const auto& trace : e.trace()) {
    const Style style = trace.matched() ? Style::kStrong : Style::kPlain;
    page.say(policy_text(trace.policy()), style, 2);
    page.say((trace.matched() ? "" : "does not match: ") + trace.detail(), style, 6);
  }
}

}  // namespace

std::string explain_page(const v1alpha1::Explanation& e, const Layout& layout) {
  const auto& request = e.request();
  Page page(layout);
  Style style = intent_style(e.verdict(), e.because());
  if (style == Style::kPlain) style = Style::kStrong;
  page.say(verdict_text(e) + ": " + request.to() + " " + port_text(request.protocol(), request.port(), request.port()) +
               " from " + request.from(),
           style);
  if (!e.why().empty()) page.say(e.why());
  page.gap();
  page.fields({{"Source class", e.source_class()},
               {"Default", default_text(e)},
               {"Policies as", e.cilium_release().empty() ? "" : "Cilium " + e.cilium_release()}});
  if (!e.policies().empty()) page.heading("Decided by");
  for (const auto& policy : e.policies()) page.say(policy_text(policy), Style::kPlain, 2);
  add_rules(page, e);
  return page.text();
}

}  // namespace sextant::app::cli
