// One verdict explained: the request, and the answer.
#include <string>

#include "agent/report/convert.h"
#include "agent/report/convert_parts.h"
#include "agent/report/utf8.h"

namespace sextant::report {
namespace {

using detail::word;

// Fields that messages of a decision have in common.
template <class Message>
void set_decision(Message& out, const Decision& decision) {
  out.set_verdict(word(decision.verdict));
  out.set_because(word(decision.because));
  out.set_why(utf8(decision.why));
  for (const PolicyRef& policy : decision.policies) *out.add_policies() = report::to_message(policy);
  for (const RuleTrace& rule : decision.trace) {
    v1alpha1::RuleTrace& trace = *out.add_trace();
    *trace.mutable_policy() = report::to_message(rule.policy);
    trace.set_matched(rule.matched);
    trace.set_deny(rule.deny);
    trace.set_detail(utf8(rule.detail));
  }
}

v1alpha1::BackendExplanation told(const BackendExplanation& backend) {
  v1alpha1::BackendExplanation out;
  *out.mutable_backend() = detail::to_message(backend.view);
  out.set_name(utf8(backend.name));
  out.set_entry_node(utf8(backend.entry_node));
  for (const SeenAs& seen : backend.seen) {
    v1alpha1::SeenAs& one = *out.add_seen();
    one.set_who(utf8(seen.who));
    set_decision(one, seen.decision);
  }
  return out;
}

v1alpha1::DoorExplanation told(const DoorExplanation& door) {
  v1alpha1::DoorExplanation out;
  *out.mutable_endpoint() = detail::to_message(door.endpoint);
  out.set_kind(utf8(door.kind));
  out.set_service_port(utf8(door.service_port));
  out.set_protocol(word(door.protocol));
  out.set_port(door.port);
  out.set_verdict(word(door.verdict));
  out.set_because(word(door.because));
  out.set_why(utf8(door.why));
  out.set_intended_by(utf8(door.intended_by));
  for (const PolicyRef& policy : door.policies) *out.add_policies() = report::to_message(policy);
  for (const BackendExplanation& backend : door.backends) *out.add_backends() = told(backend);
  return out;
}

}  // namespace

v1alpha1::Explanation to_message(const ExplainView& view) {
  v1alpha1::Explanation out;
  v1alpha1::ExplainRequest& request = *out.mutable_request();
  request.set_to(utf8(view.request.to));
  request.set_from(utf8(view.request.from));
  request.set_port(view.request.port);
  request.set_protocol(word(view.request.protocol));
  set_decision(out, view.decision);
  out.set_selected(view.decision.selected);
  out.set_enforced(view.decision.enforced);
  out.set_source_class(utf8(view.source_class));
  out.set_cilium_release(utf8(view.cilium_release));
  for (const DoorExplanation& door : view.doors) *out.add_doors() = told(door);
  return out;
}

Result<ExplainRequest> explain_request_from(const v1alpha1::ExplainRequest& message) {
  if (message.to().empty()) return failure("to: missing (NS/POD, node/NAME, service/NS/NAME or an address)");
  if (message.from().empty()) return failure("from: missing (an address or NS/POD)");
  if (message.port() > 65535) return failure("port: " + std::to_string(message.port()) + " is not within 0-65535");
  ExplainRequest out{.to = message.to(), .from = message.from(), .port = static_cast<std::uint16_t>(message.port())};
  if (!message.protocol().empty()) {
    const Result<Protocol> protocol = protocol_from(message.protocol());
    if (!protocol) return because("protocol", protocol.error());
    out.protocol = *protocol;
  }
  return out;
}

}  // namespace sextant::report
