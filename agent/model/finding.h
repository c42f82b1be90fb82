// Rows with their five witnesses, and findings: the disagreements between them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"
#include "agent/model/endpoint.h"
#include "agent/model/intent.h"
#include "agent/model/observation.h"

namespace sextant {

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };
std::string_view to_string(Severity severity);
std::optional<Severity> severity_from(std::string_view text);

enum class FindingState : std::uint8_t { kOpen, kResolved };
std::string_view to_string(FindingState state);

struct Evidence {
  Witness witness = Witness::kIntended;
  std::optional<Verdict> verdict{};  // absent: the witness has not looked
  std::string detail{};
  bool operator==(const Evidence&) const = default;
};

struct EndpointDetail {
  EndpointRef ref{};
  std::string workload{};
  std::optional<IpAddress> address{};
  bool operator==(const EndpointDetail&) const = default;
};

struct SourceDetail {
  std::string source_class{};
  std::vector<Prefix> prefixes{};
  std::vector<Prefix> except{};
  std::optional<IpAddress> sample{};
  bool operator==(const SourceDetail&) const = default;
};

struct Finding {
  std::string id{};    // CODE-8 hex digits: a hash of code, node, endpoint, protocol, port and source class
  std::string code{};  // "SXT001"
  std::string name{};  // "UnintendedDelivery"
  Severity severity = Severity::kWarning;
  FindingState state = FindingState::kOpen;
  std::string node{};
  EndpointDetail endpoint{};
  std::optional<Protocol> protocol{};
  std::optional<std::uint16_t> port{};
  std::optional<SourceDetail> source{};
  std::string message{};
  std::vector<Evidence> evidence{};
  std::vector<PolicyRef> policies{};
  std::string fix{};
  std::string runbook{};
  Time first_seen{};
  Time last_seen{};
  std::optional<Time> resolved_at{};
  std::string resolution{};    // why it was resolved: "the policy allows it now", "dropped again", "quiet for 10m"
  std::uint64_t count = 0;     // openings that lie within a day of each other plus packets, as the code's rule says
  std::uint32_t openings = 1;  // more than 1: "again"
};

// One row of `sextant endpoints`. Absent witnesses are nullopt.
struct IntendedView {
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  std::string why{};
  std::vector<PolicyRef> policies{};
};
struct ListeningView {
  Verdict verdict = Verdict::kUnknown;  // allow: bound; deny: nothing listens
  std::string process{};
  std::uint32_t pid = 0;
};
struct ObservedView {
  Verdict verdict = Verdict::kUnknown;
  std::uint64_t packets = 0;
  Time last_seen{};
  std::string drop_reason{};
};
struct EndpointRow {
  EndpointDetail endpoint{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::uint16_t end_port = 0;
  std::shared_ptr<const SourceClass> source{};
  std::optional<IntendedView> intended{};
  std::optional<ListeningView> listening{};
  std::optional<ObservedView> observed{};
  // realized and probed are absent until their witnesses exist
};

// What lies behind a service's address: one backend, and what its policies say of who comes that way.
struct BackendView {
  EndpointRef ref{};                   // a pod, or a node for a pod on the host's network; no name: nobody knows
  std::optional<IpAddress> address{};  // none: of a pod template, or Cilium's own proxy
  std::uint16_t port = 0;
  Verdict verdict = Verdict::kUnknown;
  std::string source{};  // which address its policies see: "kept", "translated", "kept or translated"
  std::string why{};
};

// A service's public address as a row of its own.
struct DoorView {
  std::string kind{};                   // "LoadBalancer", "ExternalIP", "ClusterIP", "NodePort", "HostPort"
  std::string service_port{};           // the service's own port: "443/TCP" or "https"
  std::vector<BackendView> backends{};  // the most open one first
  std::string intended_by{};  // "annotation sextant.dev/public", "Gateway infra/edge", a policy; empty: nobody
};

// What the internet can reach: one line per endpoint, protocol and range of ports that some public class may reach.
struct Exposure {
  EndpointDetail endpoint{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
  Verdict verdict = Verdict::kUnknown;  // allow, redirect, auth, or unknown: could be
  Because because = Because::kUnknown;
  std::vector<Prefix> prefixes{};  // exact: minimal list of who can
  std::vector<Prefix> except{};
  bool world = false;  // the whole internet but for `except`
  std::string reason{};
  std::vector<PolicyRef> policies{};
  std::optional<ListeningView> listening{};  // nullopt offline
  std::optional<DoorView> door{};            // of a service's address, and of host ports
};

// Something that Sextant should see and cannot: SXT010. `what` is stable ("manifest policies/db.yaml", "witness death",
// "events uplink"); `why` may change.
struct BlindSpot {
  std::string what{};
  std::string why{};
  auto operator<=>(const BlindSpot&) const = default;
};

struct FindingChange {
  enum class Kind : std::uint8_t { kOpened, kUpdated, kResolved };
  Kind kind = Kind::kOpened;
  Finding finding{};
};

}  // namespace sextant
