// Between the model and the messages of proto/sextant/v1alpha1: what the API answers and what the store keeps.
//
// The messages are the wire format, never the in-memory model. Times are cut to milliseconds; a time at the epoch means
// "never" in the model and is an absent field in the message.
#pragma once

#include <string_view>

#include "agent/base/result.h"
#include "agent/model/finding.h"
#include "agent/report/backend.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/report.pb.h"
#include "sextant/v1alpha1/status.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::report {

v1alpha1::Finding to_message(const Finding& finding);
v1alpha1::EndpointRow to_message(const EndpointRow& row);
v1alpha1::Exposure to_message(const Exposure& exposure);
v1alpha1::Attempt to_message(const AttemptCount& attempt);
v1alpha1::SourceCount to_message(const SourceCount& source);
v1alpha1::Explanation to_message(const ExplainView& view);
v1alpha1::Status to_message(const StatusView& status);
v1alpha1::LintReport to_message(const LintView& view);
v1alpha1::PolicyRef to_message(const PolicyRef& policy);
v1alpha1::WatchEvent to_message(const FindingChange& change);

// The list that the API answers, in the order given.
v1alpha1::FindingList to_message(const std::vector<Finding>& findings);
v1alpha1::EndpointRowList to_message(const std::vector<EndpointRow>& rows);
v1alpha1::ExposureList to_message(const std::vector<Exposure>& exposure);
// Most packets first, highest estimate first.
v1alpha1::AttemptList to_message(const AttemptsView& view);

// What to_message(Finding) made. Errors name the field: "severity: 'urgent' is no word that this version knows".
Result<Finding> finding_from(const v1alpha1::Finding& message);
// Checks what a client asked. An empty protocol is TCP.
Result<ExplainRequest> explain_request_from(const v1alpha1::ExplainRequest& message);

// "TCP", "icmpv6", "IP-89": to_string(Protocol) read back, in any case.
Result<Protocol> protocol_from(std::string_view text);

}  // namespace sextant::report
