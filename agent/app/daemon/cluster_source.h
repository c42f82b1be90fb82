// The Kubernetes source as the daemon has it: opened from the configuration, and what its statuses mean.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "agent/app/config.h"
#include "agent/app/daemon/stale_intent.h"
#include "agent/base/clock.h"
#include "agent/kube/source.h"
#include "agent/model/finding.h"
#include "agent/report/backend.h"

namespace sextant::app {

// The connection: source.kubernetes.kubeconfig, or the pod's service account.
Result<kube::Connection> connection_from(const Config& config);
Result<kube::Source> open_cluster(boost::asio::any_io_executor executor, const Config& config, kube::Sinks sinks);

// What the statuses of the source's kinds come to.
struct ClusterReport {
  std::vector<report::SourceStatus> sources{};
  std::vector<BlindSpot>
      spots{};  // kinds that are forbidden, older than source.stale, or hold objects that cannot be read
  Staleness staleness{};
};
ClusterReport report_of(const std::vector<kube::KindStatus>& statuses, std::chrono::seconds stale, Time now);

// `others`: requests that are about no kind (kube::Source::other_requests).
report::KubeUse use_of(const std::vector<kube::KindStatus>& statuses,
                       const std::map<std::string, kube::RequestCounts>& others);

}  // namespace sextant::app
