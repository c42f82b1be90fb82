// Backend: what the API and the metrics ask of the daemon. app/ implements it; report/ turns the answers into messages.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/model/door_explanation.h"
#include "agent/model/finding.h"
#include "agent/model/intent.h"
#include "agent/model/observation.h"

namespace sextant::report {

struct SourceStatus {
  std::string name{};  // "manifests /etc/sextant/manifests"
  bool healthy = false;
  std::string detail{};  // "12 files, 34 objects, 2 ignored"; or what is wrong
  Time since{};
  // Of what the API server has of it: how many objects, and what kube::Ledger::checksum says of them. None: it is no
  // such source.
  std::optional<std::uint64_t> objects{};
  std::uint64_t checksum = 0;
};

struct MapUse {
  std::string map{};
  std::uint64_t entries = 0, capacity = 0, bytes = 0;
};

struct ProgramUse {
  std::string program{};
  std::uint64_t events = 0, events_lost = 0, rows_lost = 0, runs = 0;
  std::chrono::nanoseconds run_time{};
};

struct StatusView {
  std::string node{};
  std::string version{};
  std::string cilium_release{};  // whose semantics, and "nearest of 1.19.5" where it is not exact
  Time started{};
  std::vector<std::string> not_ready{};  // empty: every configured witness has looked once
  std::vector<SourceStatus> sources{};
  std::vector<WitnessStatus> witnesses{};
  std::vector<Feature> features{};
  std::vector<BlindSpot> blind_spots{};
  std::vector<PolicyProblem> policy_problems{};
  std::map<std::string, std::uint64_t> objects{};  // kind -> number
  std::vector<std::string> uplinks{};
  std::vector<MapUse> maps{};
  std::vector<ProgramUse> programs{};
  std::uint64_t resident_bytes = 0;
};

// The service that a port of its own address, or of a node's, belongs to.
struct DoorName {
  std::string service{};                // "shop/web"; of a host port the pod
  std::vector<std::string> backends{};  // "shop/web-0 8080"
};

struct AttemptsView {
  std::vector<AttemptCount> attempts{};
  std::vector<SourceCount> sources{};
  std::map<std::tuple<EndpointRef, Protocol, std::uint16_t>, DoorName> doors{};
};

struct ExplainRequest {
  std::string to{};    // "NS/POD", "node/NAME", "service/NS/NAME", or an address of one of them
  std::string from{};  // an address, or "NS/POD"
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};
struct ExplainView {
  ExplainRequest request{};
  Decision decision{};
  std::string source_class{};
  std::string cilium_release{};
  std::vector<DoorExplanation> doors{};  // of a service, whose most open one `decision` is; the most open one first
};

struct LintRequest {
  std::string cilium{};              // a release to judge by; empty: the cluster's
  Severity least = Severity::kInfo;  // remarks below are not told
};
// One thing to say of one policy.
struct LintRemark {
  std::string code{};  // "SXT012/selects-nothing"
  Severity severity = Severity::kInfo;
  std::string title{};    // a few words, the same for every remark of the code
  PolicyRef policy{};     // with the rule
  std::string message{};  // a sentence without a final full stop
  std::string fix{};      // the same
};
struct LintView {
  std::vector<LintRemark> remarks{};
  std::size_t policies = 0;  // that were looked at
  std::size_t silenced = 0;  // remarks that an annotation asked not to hear
  std::string cilium_release{};
};

// How often something took how long. Fixed bounds, so that it costs the same whatever it is told.
struct DurationHistogram {
  static constexpr std::array<double, 13> kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                  0.025,  0.05,    0.1,    0.25,  1,      5};  // seconds, inclusive
  std::array<std::uint64_t, kBounds.size() + 1> counts{};  // the last: longer than every bound
  double sum_seconds = 0;

  void observe(std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    ++counts[bucket];
    sum_seconds += seconds;
  }
};

// How the API server was used, and which kinds are known as they are.
struct KubeUse {
  std::map<std::tuple<std::string, std::string, unsigned>, std::uint64_t> requests{};  // verb, resource, HTTP status
  std::map<std::string, bool> synced{};                                                // resource
};

// What only /metrics tells.
struct MetricsView {
  std::map<std::string, std::string> config{};  // labels of sextant_config_info (snake_case); never a secret
  DurationHistogram policy_compile{};
  KubeUse kube{};
  std::map<std::string, std::uint64_t> refused_calls{};  // system calls that the process may not make any more
  std::map<Witness, std::chrono::nanoseconds> blind{};   // since the daemon started; witnesses that are configured
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual StatusView status() const = 0;
  virtual std::vector<Finding> findings() const = 0;                          // open, and resolved within a day
  virtual Result<std::vector<Finding>> findings_since(Time since) const = 0;  // from the store
  virtual std::vector<EndpointRow> endpoints() const = 0;
  virtual std::vector<Exposure> exposure() const = 0;
  virtual Result<AttemptsView> attempts() const = 0;
  virtual std::vector<UplinkCount> uplink_counts() const = 0;
  virtual Result<ExplainView> explain(const ExplainRequest& request) const = 0;
  // `done` is called once, on the caller's thread, now or later: every policy is looked at, which takes its time. An
  // error with the code EAGAIN: not now.
  virtual void lint(const LintRequest& request, std::function<void(Result<LintView>)> done) const = 0;
  virtual MetricsView metrics() const { return {}; }
  // "StatefulSet/db"; empty when nothing owns the endpoint or it is not known any more.
  virtual std::string workload_of(const EndpointRef& /*endpoint*/) const { return {}; }
};

}  // namespace sextant::report
