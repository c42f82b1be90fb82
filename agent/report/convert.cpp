#include "agent/report/convert.h"

#include <algorithm>

#include "agent/report/ascii.h"
#include "agent/report/convert_parts.h"
#include "agent/report/utf8.h"

namespace sextant::report {

using detail::set_time;
using detail::word;

namespace {

v1alpha1::Listening to_message(const ListeningView& view) {
  v1alpha1::Listening out;
  out.set_verdict(word(view.verdict));
  out.set_process(utf8(view.process));
  out.set_pid(view.pid);
  return out;
}

v1alpha1::Intended to_message(const IntendedView& view) {
  v1alpha1::Intended out;
  out.set_verdict(word(view.verdict));
  out.set_why(utf8(view.why));
  out.set_because(word(view.because));
  for (const PolicyRef& policy : view.policies) *out.add_policies() = report::to_message(policy);
  return out;
}

v1alpha1::Observed to_message(const ObservedView& view) {
  v1alpha1::Observed out;
  out.set_verdict(word(view.verdict));
  out.set_packets(view.packets);
  out.set_drop_reason(utf8(view.drop_reason));
  set_time(view.last_seen, [&] { return out.mutable_last_seen(); });
  return out;
}

v1alpha1::Source to_message(const SourceClass& source) {
  v1alpha1::Source out;
  out.set_class_(utf8(source.name));
  for (const Prefix& prefix : source.prefixes) out.add_prefixes(prefix.to_string());
  for (const Prefix& prefix : source.except) out.add_except_prefixes(prefix.to_string());
  out.set_sample(source.sample.to_string());
  return out;
}

v1alpha1::Door to_message(const DoorView& door) {
  v1alpha1::Door out;
  out.set_kind(utf8(door.kind));
  out.set_service_port(utf8(door.service_port));
  out.set_intended_by(utf8(door.intended_by));
  for (const BackendView& backend : door.backends) *out.add_backends() = detail::to_message(backend);
  return out;
}

v1alpha1::Endpoint to_message(const EndpointRef& ref) { return detail::to_message(EndpointDetail{.ref = ref}); }

}  // namespace

v1alpha1::Backend detail::to_message(const BackendView& backend) {
  v1alpha1::Backend out;
  *out.mutable_endpoint() = to_message(EndpointDetail{.ref = backend.ref, .address = backend.address});
  out.set_port(backend.port);
  out.set_verdict(word(backend.verdict));
  out.set_source(utf8(backend.source));
  out.set_why(utf8(backend.why));
  return out;
}

v1alpha1::PolicyRef to_message(const PolicyRef& policy) {
  v1alpha1::PolicyRef out;
  out.set_kind(word(policy.kind));
  out.set_namespace_(utf8(policy.ns));
  out.set_name(utf8(policy.name));
  out.set_rule(utf8(policy.rule));
  out.set_file(utf8(policy.origin.file));
  out.set_line(policy.origin.line);
  out.set_resource_version(utf8(policy.origin.resource_version));
  return out;
}

v1alpha1::EndpointRow to_message(const EndpointRow& row) {
  v1alpha1::EndpointRow out;
  *out.mutable_endpoint() = detail::to_message(row.endpoint);
  out.set_protocol(word(row.protocol));
  out.set_port(row.port);
  out.set_end_port(row.end_port);
  if (row.source) *out.mutable_source() = to_message(*row.source);
  if (row.intended) *out.mutable_intended() = to_message(*row.intended);
  if (row.listening) *out.mutable_listening() = to_message(*row.listening);
  if (row.observed) *out.mutable_observed() = to_message(*row.observed);
  return out;
}

v1alpha1::Exposure to_message(const Exposure& exposure) {
  v1alpha1::Exposure out;
  *out.mutable_endpoint() = detail::to_message(exposure.endpoint);
  out.set_protocol(word(exposure.protocol));
  out.set_port(exposure.first_port);
  out.set_end_port(exposure.last_port);
  out.set_verdict(word(exposure.verdict));
  v1alpha1::Source& source = *out.mutable_source();
  source.set_class_(exposure.world ? "world" : "public");
  for (const Prefix& prefix : exposure.prefixes) source.add_prefixes(prefix.to_string());
  for (const Prefix& prefix : exposure.except) source.add_except_prefixes(prefix.to_string());
  out.set_reason(utf8(exposure.reason));
  out.set_because(word(exposure.because));
  for (const PolicyRef& policy : exposure.policies) *out.add_policies() = to_message(policy);
  if (exposure.listening) *out.mutable_listening() = to_message(*exposure.listening);
  if (exposure.door) *out.mutable_door() = to_message(*exposure.door);
  return out;
}

v1alpha1::Attempt to_message(const AttemptCount& attempt) {
  v1alpha1::Attempt out;
  *out.mutable_endpoint() = to_message(attempt.endpoint);
  out.set_protocol(word(attempt.protocol));
  if (attempt.port_known) out.set_port(attempt.port);
  out.set_verdict(word(attempt.verdict));
  out.set_packets(attempt.packets);
  set_time(attempt.last_seen, [&] { return out.mutable_last_seen(); });
  return out;
}

v1alpha1::SourceCount to_message(const SourceCount& source) {
  v1alpha1::SourceCount out;
  out.set_prefix(source.prefix.to_string());
  *out.mutable_endpoint() = to_message(source.endpoint);
  out.set_protocol(word(source.protocol));
  out.set_port(source.port);
  out.set_verdict(word(source.verdict));
  out.set_estimate(source.estimate);
  out.set_error(source.error);
  return out;
}

v1alpha1::WatchEvent to_message(const FindingChange& change) {
  v1alpha1::WatchEvent out;
  switch (change.kind) {
    case FindingChange::Kind::kOpened:
      out.set_type("opened");
      break;
    case FindingChange::Kind::kUpdated:
      out.set_type("updated");
      break;
    case FindingChange::Kind::kResolved:
      out.set_type("resolved");
      break;
  }
  *out.mutable_finding() = to_message(change.finding);
  return out;
}

v1alpha1::FindingList to_message(const std::vector<Finding>& findings) {
  v1alpha1::FindingList out;
  for (const Finding& finding : findings) *out.add_findings() = to_message(finding);
  return out;
}

v1alpha1::EndpointRowList to_message(const std::vector<EndpointRow>& rows) {
  v1alpha1::EndpointRowList out;
  for (const EndpointRow& row : rows) *out.add_endpoints() = to_message(row);
  return out;
}

v1alpha1::ExposureList to_message(const std::vector<Exposure>& exposure) {
  v1alpha1::ExposureList out;
  for (const Exposure& one : exposure) *out.add_exposure() = to_message(one);
  return out;
}

v1alpha1::AttemptList to_message(const AttemptsView& view) {
  v1alpha1::AttemptList out;
  for (const AttemptCount& attempt : view.attempts) {
    v1alpha1::Attempt& to = *out.add_attempts();
    to = to_message(attempt);
    const auto door = view.doors.find({attempt.endpoint, attempt.protocol, attempt.port});
    if (!attempt.port_known || door == view.doors.end()) continue;
    to.set_service(utf8(door->second.service));
    for (const std::string& backend : door->second.backends) to.add_backends(utf8(backend));
  }
  for (const SourceCount& source : view.sources) *out.add_sources() = to_message(source);
  std::ranges::stable_sort(*out.mutable_attempts(), std::ranges::greater(), &v1alpha1::Attempt::packets);
  std::ranges::stable_sort(*out.mutable_sources(), std::ranges::greater(), &v1alpha1::SourceCount::estimate);
  return out;
}

Result<Protocol> protocol_from(std::string_view text) {
  for (int number = 0; number <= 255; ++number) {
    const auto protocol = static_cast<Protocol>(number);
    if (same_word(text, to_string(protocol))) return protocol;
  }
  return failure("'" + std::string(text) + "' is no protocol");
}

}  // namespace sextant::report
