#include "agent/app/daemon/cluster_source.h"

#include <utility>

#include "agent/base/version.h"

namespace sextant::app {
namespace {

using kube::KindState;
using kube::KindStatus;

// "45 s", "12 min", "3 h".
std::string text_of(std::chrono::milliseconds age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 120) return std::to_string(seconds) + " s";
  return seconds < 7200 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds / 3600) + " h";
}

enum class Bearing : std::uint8_t { kEverything, kPeers, kNoRow };

// Which answers of the engine rest on a kind.
Bearing bearing_of(const KindStatus& status) {
  if (!status.object_kind) return Bearing::kNoRow;
  switch (*status.object_kind) {
    case ObjectKind::kNamespace:
    case ObjectKind::kNode:
    case ObjectKind::kNetworkPolicy:
    case ObjectKind::kCiliumNetworkPolicy:
    case ObjectKind::kCiliumClusterwideNetworkPolicy:
    case ObjectKind::kClusterNetworkPolicy:
    case ObjectKind::kCiliumCidrGroup:
      return Bearing::kEverything;
    case ObjectKind::kPod:
      return status.resource == "pods" ? Bearing::kEverything : Bearing::kPeers;
    default:
      return Bearing::kNoRow;
  }
}

std::string detail_of(const KindStatus& status) {
  const std::string objects = std::to_string(status.objects) + (status.objects == 1 ? " object" : " objects");
  switch (status.state) {
    case KindState::kStarting:
      return "not read yet";
    case KindState::kAbsent:
      return "not served by this cluster";
    case KindState::kSynced:
      return objects;
    case KindState::kForbidden:
    case KindState::kFailing:
      break;
  }
  const std::string known =
      status.is_complete ? objects + " known since " + text_of(status.age) + " ago" : "never read";
  return status.error + " (" + known + ")";
}

bool is_healthy(const KindStatus& status) {
  return (status.state == KindState::kSynced || status.state == KindState::kAbsent) && status.problems.empty();
}

// Why the kind cannot be believed; empty: it can.
std::string doubt_of(const KindStatus& status, std::chrono::seconds stale) {
  const bool never_allowed = is_forbidden_for_good(status) && !status.is_complete;
  if (!never_allowed && status.age <= stale) return {};
  // No age, which would make another text, and another verdict, of it every minute.
  const std::string since = never_allowed || !status.is_complete
                                ? "never read"
                                : "not known to be true for more than " + text_of(stale) + " (source.stale)";
  return status.resource + ": " + since + (status.error.empty() ? "" : ": " + status.error);
}

}  // namespace

Result<kube::Connection> connection_from(const Config& config) {
  if (config.source.kubeconfig.empty()) return kube::in_cluster();
  return kube::read_kubeconfig(config.source.kubeconfig);
}

Result<kube::Source> open_cluster(boost::asio::any_io_executor executor, const Config& config, kube::Sinks sinks) {
  auto connection = connection_from(config);
  if (!connection) return Failure(connection.error());
  return kube::Source::open(
      std::move(executor),
      {.connection = std::move(*connection), .node = config.node, .user_agent = std::string("sextantd/") + kVersion},
      std::move(sinks));
}

ClusterReport report_of(const std::vector<KindStatus>& statuses, std::chrono::seconds stale, Time now) {
  ClusterReport report;
  for (const KindStatus& status : statuses) {
    const std::string name = "kubernetes " + status.resource;
    report.sources.push_back({.name = name,
                              .healthy = is_healthy(status),
                              .detail = detail_of(status),
                              .since = now - std::chrono::duration_cast<Duration>(status.age),
                              .objects = status.objects,
                              .checksum = status.checksum});
    for (const std::string& problem : status.problems) {
      report.spots.push_back({.what = name + " " + problem.substr(0, problem.find(": ")), .why = problem});
    }
    const std::string doubt = doubt_of(status, stale);
    const Bearing bearing = bearing_of(status);
    if (!doubt.empty()) {
      if (bearing == Bearing::kEverything && report.staleness.all.empty()) report.staleness.all = doubt;
      if (bearing == Bearing::kPeers) report.staleness.peers = doubt;
    }
    // Forbidden is a fault at once: it is no outage, and will not pass.
    const bool forbidden = is_forbidden_for_good(status);
    if (forbidden || !doubt.empty()) report.spots.push_back({.what = name, .why = forbidden ? status.error : doubt});
  }
  return report;
}

report::KubeUse use_of(const std::vector<KindStatus>& statuses,
                       const std::map<std::string, kube::RequestCounts>& others) {
  report::KubeUse use;
  const auto add = [&use](const std::string& resource, const kube::RequestCounts& requests) {
    for (const auto& [request, number] : requests) {
      const auto& [verb, code] = request;
      use.requests[{verb, resource, code}] += number;
    }
  };
  for (const KindStatus& status : statuses) {
    use.synced[status.resource] = status.state == KindState::kSynced || status.state == KindState::kAbsent;
    add(status.resource, status.requests);
  }
  for (const auto& [about, requests] : others) add(about, requests);
  return use;
}

}  // namespace sextant::app
