#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

// Of an explanation, a door, or one source that a backend sees.
template <class Message>
std::string verdict_text(const Message& m) {
  if (m.verdict() == "redirect") return "allow, through the proxy";
  if (m.verdict() == "auth") return "allow, after authentication";
  return intent_text(m.verdict(), m.because());
}

template <class Message>
Style verdict_style(const Message& m) {
  const Style style = intent_style(m.verdict(), m.because());
  return style == Style::kPlain ? Style::kStrong : style;
}

bool is_open(std::string_view verdict) { return verdict != "deny" && verdict != "unknown"; }

std::string default_text(const v1alpha1::Explanation& e) {
  if (e.enforced()) return e.selected() ? "deny, for a policy selects the endpoint" : "deny";
  return e.selected() ? "allow, though a policy selects the endpoint" : "allow, for no policy selects the endpoint";
}

void add_trace(Page& page, const google::protobuf::RepeatedPtrField<v1alpha1::RuleTrace>& rules, std::size_t indent) {
  for (const auto& trace : rules) {
    const Style style = trace.matched() ? Style::kStrong : Style::kPlain;
    page.say(policy_text(trace.policy()), style, indent);
    page.say((trace.matched() ? "" : "does not match: ") + trace.detail(), style, indent + 4);
  }
}

void add_rules(Page& page, const v1alpha1::Explanation& e) {
  page.heading("Rules");
  if (e.trace().empty()) {
    page.say(e.selected() ? "None comes near: the policies that select the endpoint have no rule for this."
                          : "No policy selects the endpoint.",
             Style::kPlain, 2);
    return;
  }
  add_trace(page, e.trace(), 2);
}

std::string intent_of(const v1alpha1::DoorExplanation& door) {
  if (!door.intended_by().empty()) return "meant to be: " + door.intended_by();
  return is_open(door.verdict()) ? "and nobody says that it should be" : "";
}

void add_backend(Page& page, const v1alpha1::BackendExplanation& told) {
  const v1alpha1::Backend& backend = told.backend();
  const std::string entered = told.entry_node().empty() ? "" : ", entered at " + told.entry_node();
  page.say("to " + told.name() + entered + ", the source " + backend.source() + ": " + backend.verdict(),
           Style::kStrong, 2);
  if (told.seen().empty()) page.say(backend.why(), Style::kPlain, 6);
  for (const auto& seen : told.seen()) {
    page.say("sees " + seen.who() + ": " + verdict_text(seen) + ", for " + seen.why(), Style::kPlain, 6);
    add_trace(page, seen.trace(), 8);
  }
}

void add_door(Page& page, const v1alpha1::DoorExplanation& door) {
  const std::string address =
      door.endpoint().has_address() ? " [" + door.endpoint().address() + "]:" : " without an address yet, port ";
  const std::string intent = intent_of(door);
  page.gap();
  page.say(endpoint_text(door.endpoint()) + " at " + door.kind() + address + std::to_string(door.port()) + "/" +
               door.protocol() + ": " + verdict_text(door) + (intent.empty() ? "" : ", " + intent),
           verdict_style(door));
  if (door.backends().empty()) page.say(door.why(), Style::kPlain, 2);
  for (const auto& backend : door.backends()) add_backend(page, backend);
}

}  // namespace

std::string explain_page(const v1alpha1::Explanation& e, const Layout& layout) {
  const auto& request = e.request();
  const bool is_service = !e.doors().empty();
  Page page(layout);
  page.say(verdict_text(e) + ": " + request.to() + " " + port_text(request.protocol(), request.port(), request.port()) +
               " from " + request.from(),
           verdict_style(e));
  if (!e.why().empty()) page.say(e.why());
  page.gap();
  page.fields({{"Source class", e.source_class()},
               {"Default", is_service ? "" : default_text(e)},
               {"Policies as", e.cilium_release().empty() ? "" : "Cilium " + e.cilium_release()}});
  if (!e.policies().empty()) page.heading("Decided by");
  for (const auto& policy : e.policies()) page.say(policy_text(policy), Style::kPlain, 2);
  if (!is_service) add_rules(page, e);
  for (const auto& door : e.doors()) add_door(page, door);
  return page.text();
}

}  // namespace sextant::app::cli
