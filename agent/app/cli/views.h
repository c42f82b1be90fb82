// The API's messages as pages for people. Pure: the same message, layout and time give the same page.
//
// Every page ends in a line break and says something even when a list is empty.
#pragma once

#include <string>

#include "agent/app/cli/style.h"
#include "agent/base/clock.h"
#include "sextant/v1alpha1/bench.pb.h"
#include "sextant/v1alpha1/cluster.pb.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/report.pb.h"
#include "sextant/v1alpha1/status.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::app::cli {

std::string status_page(const v1alpha1::Status& status, const Layout& layout, Time now);
// A line for each node; what is not seen there, and who is silent, below.
std::string cluster_status_page(const v1alpha1::ClusterStatus& cluster, const Layout& layout, Time now);

// What a list of findings was asked with.
struct FindingsShown {
  bool resolved_too = false;
  bool filtered = false;
  bool of_cluster = false;
  const v1alpha1::ClusterStatus* lookers = nullptr;  // for an empty list: what "none" is worth; may be nullptr
};
// Worst first, then the latest.
std::string findings_page(const v1alpha1::FindingList& list, const FindingsShown& shown, const Layout& layout,
                          Time now);
std::string finding_page(const v1alpha1::Finding& finding, const Layout& layout, Time now);
// One line of --watch: "12:04:31  opened    critical  SXT001-6f1c2b9d  message".
std::string change_line(std::string_view change, const v1alpha1::Finding& finding, const Layout& layout, Time now);

std::string endpoints_page(const v1alpha1::EndpointRowList& list, const Layout& layout, Time now);
// `asked` is what was asked of: "2 manifests" or a node's name.
std::string exposure_page(const v1alpha1::ExposureList& list, const Layout& layout);
std::string explain_page(const v1alpha1::Explanation& explanation, const Layout& layout);
// By file, each policy once.
std::string lint_page(const v1alpha1::LintReport& report, const Layout& layout);
std::string diff_page(const v1alpha1::DiffReport& report, const Layout& layout);
std::string attempts_page(const v1alpha1::AttemptList& list, const Layout& layout, Time now);
std::string bench_page(const v1alpha1::BenchReport& report, const Layout& layout);

}  // namespace sextant::app::cli
