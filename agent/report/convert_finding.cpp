// Findings, there and back: the store reads what an earlier life of the daemon wrote.
#include <algorithm>
#include <limits>

#include "agent/report/convert.h"
#include "agent/report/convert_parts.h"
#include "agent/report/utf8.h"

namespace sextant::report {
namespace detail {

google::protobuf::Timestamp to_timestamp(Time time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto s = std::chrono::floor<std::chrono::seconds>(ms);
  google::protobuf::Timestamp out;
  out.set_seconds(s.count());
  out.set_nanos(static_cast<std::int32_t>(std::chrono::nanoseconds(ms - s).count()));
  return out;
}

Time to_time(const google::protobuf::Timestamp& timestamp) {
  // The clock's range, so that no stored number overflows it.
  constexpr std::int64_t kLimit = std::chrono::duration_cast<std::chrono::seconds>(Duration::max()).count() - 1;
  const std::int64_t seconds = std::clamp(std::int64_t{timestamp.seconds()}, -kLimit, kLimit);
  return Time(std::chrono::duration_cast<Duration>(std::chrono::seconds(seconds) +
                                                   std::chrono::nanoseconds(timestamp.nanos())));
}

v1alpha1::Endpoint to_message(const EndpointDetail& endpoint) {
  v1alpha1::Endpoint out;
  out.set_kind(word(endpoint.ref.kind));
  out.set_namespace_(utf8(endpoint.ref.ns));
  out.set_name(utf8(endpoint.ref.name));
  out.set_workload(utf8(endpoint.workload));
  if (endpoint.address) out.set_address(endpoint.address->to_string());
  return out;
}

}  // namespace detail

using detail::word;

namespace {

constexpr std::string_view kNotLooked = "absent";

v1alpha1::Source to_message(const SourceDetail& source) {
  v1alpha1::Source out;
  out.set_class_(utf8(source.source_class));
  for (const Prefix& prefix : source.prefixes) out.add_prefixes(prefix.to_string());
  for (const Prefix& prefix : source.except) out.add_except_prefixes(prefix.to_string());
  if (source.sample) out.set_sample(source.sample->to_string());
  return out;
}

v1alpha1::Evidence to_message(const Evidence& evidence) {
  v1alpha1::Evidence out;
  out.set_witness(word(evidence.witness));
  out.set_verdict(evidence.verdict ? word(*evidence.verdict) : std::string(kNotLooked));
  out.set_detail(utf8(evidence.detail));
  return out;
}

// Reads words back, and remembers the first that it could not read.
class Reader {
 public:
  // The value among kFirst..last whose to_string is `text`.
  template <class Enum>
  Enum word(std::string_view field, std::string_view text, Enum last) {
    for (unsigned value = 0; value <= static_cast<unsigned>(last); ++value) {
      if (to_string(static_cast<Enum>(value)) == text) return static_cast<Enum>(value);
    }
    fail(field, "'" + std::string(text) + "' is no word that this version knows");
    return Enum{};
  }

  IpAddress address(std::string_view field, std::string_view text) { return take(field, IpAddress::parse(text)); }
  Prefix prefix(std::string_view field, std::string_view text) { return take(field, Prefix::parse(text)); }
  Protocol protocol(std::string_view field, std::string_view text) { return take(field, protocol_from(text)); }

  std::uint16_t port(std::string_view field, std::uint32_t number) {
    if (number > std::numeric_limits<std::uint16_t>::max()) fail(field, std::to_string(number) + " is no port");
    return static_cast<std::uint16_t>(number);
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  T take(std::string_view field, const Result<T>& result) {
    if (result) return *result;
    fail(field, result.error().what);
    return T{};
  }

  void fail(std::string_view field, std::string why) {
    if (!error_) error_ = Error{.what = std::string(field) + ": " + why};
  }

  std::optional<Error> error_{};
};

EndpointDetail endpoint_from(const v1alpha1::Endpoint& message, Reader& reader) {
  EndpointDetail out;
  out.ref.kind = reader.word("endpoint.kind", message.kind(), EndpointKind::kSextant);
  out.ref.ns = message.namespace_();
  out.ref.name = message.name();
  out.workload = message.workload();
  if (message.has_address()) out.address = reader.address("endpoint.address", message.address());
  return out;
}

SourceDetail source_from(const v1alpha1::Source& message, Reader& reader) {
  SourceDetail out{.source_class = message.class_()};
  for (const std::string& text : message.prefixes()) out.prefixes.push_back(reader.prefix("source.prefixes", text));
  for (const std::string& text : message.except_prefixes()) {
    out.except.push_back(reader.prefix("source.exceptPrefixes", text));
  }
  if (message.has_sample()) out.sample = reader.address("source.sample", message.sample());
  return out;
}

Evidence evidence_from(const v1alpha1::Evidence& message, Reader& reader) {
  Evidence out{.witness = reader.word("evidence.witness", message.witness(), Witness::kObserved),
               .detail = message.detail()};
  if (message.verdict() != kNotLooked) {
    out.verdict = reader.word("evidence.verdict", message.verdict(), Verdict::kAuth);
  }
  return out;
}

PolicyRef policy_from(const v1alpha1::PolicyRef& message, Reader& reader) {
  return {.kind = reader.word("policies.kind", message.kind(), ObjectKind::kExposureContract),
          .ns = message.namespace_(),
          .name = message.name(),
          .rule = message.rule(),
          .origin = {.file = message.file(), .line = message.line(), .resource_version = message.resource_version()}};
}

}  // namespace

v1alpha1::Finding to_message(const Finding& finding) {
  v1alpha1::Finding out;
  out.set_id(utf8(finding.id));
  out.set_code(utf8(finding.code));
  out.set_name(utf8(finding.name));
  out.set_severity(word(finding.severity));
  out.set_state(word(finding.state));
  out.set_node(utf8(finding.node));
  *out.mutable_endpoint() = detail::to_message(finding.endpoint);
  if (finding.protocol) out.set_protocol(word(*finding.protocol));
  if (finding.port) out.set_port(*finding.port);
  if (finding.source) *out.mutable_source() = to_message(*finding.source);
  out.set_message(utf8(finding.message));
  for (const Evidence& evidence : finding.evidence) *out.add_evidence() = to_message(evidence);
  for (const PolicyRef& policy : finding.policies) *out.add_policies() = to_message(policy);
  out.set_fix(utf8(finding.fix));
  out.set_runbook(utf8(finding.runbook));
  *out.mutable_first_seen() = detail::to_timestamp(finding.first_seen);
  *out.mutable_last_seen() = detail::to_timestamp(finding.last_seen);
  if (finding.resolved_at) *out.mutable_resolved_at() = detail::to_timestamp(*finding.resolved_at);
  out.set_resolution(utf8(finding.resolution));
  out.set_count(finding.count);
  out.set_openings(finding.openings);
  return out;
}

Result<Finding> finding_from(const v1alpha1::Finding& message) {
  Reader reader;
  Finding out;
  out.id = message.id();
  out.code = message.code();
  out.name = message.name();
  out.severity = reader.word("severity", message.severity(), Severity::kCritical);
  out.state = reader.word("state", message.state(), FindingState::kResolved);
  out.node = message.node();
  out.endpoint = endpoint_from(message.endpoint(), reader);
  if (message.has_protocol()) out.protocol = reader.protocol("protocol", message.protocol());
  if (message.has_port()) out.port = reader.port("port", message.port());
  if (message.has_source()) out.source = source_from(message.source(), reader);
  out.message = message.message();
  for (const auto& evidence : message.evidence()) out.evidence.push_back(evidence_from(evidence, reader));
  for (const auto& policy : message.policies()) out.policies.push_back(policy_from(policy, reader));
  out.fix = message.fix();
  out.runbook = message.runbook();
  out.first_seen = detail::to_time(message.first_seen());
  out.last_seen = detail::to_time(message.last_seen());
  if (message.has_resolved_at()) out.resolved_at = detail::to_time(message.resolved_at());
  out.resolution = message.resolution();
  out.count = message.count();
  out.openings = message.openings();
  if (reader.error()) return Failure(*reader.error());
  return out;
}

}  // namespace sextant::report
