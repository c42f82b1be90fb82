// Backend: what the API and the metrics ask of the daemon. app/ implements it; report/ turns the answers into messages.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/model/finding.h"
#include "agent/model/intent.h"
#include "agent/model/observation.h"

namespace sextant::report {

struct SourceStatus {
  std::string name{};        // "manifests /etc/sextant/manifests"
  bool healthy = false;
  std::string detail{};      // "12 files, 34 objects, 2 ignored"; or what is wrong
  Time since{};
};

struct MapUse {
  std::string map{};
  std::uint64_t entries = 0, capacity = 0, bytes = 0;
};

struct ProgramUse {
  std::string program{};
  std::uint64_t events_lost = 0, rows_lost = 0, runs = 0;
  std::chrono::nanoseconds run_time{};
};

struct StatusView {
  std::string node{};
  std::string version{};
  std::string cilium_release{};   // whose semantics, and "nearest of 1.19.5" where it is not exact
  Time started{};
  std::vector<std::string> not_ready{};   // empty: every configured witness has looked once
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

struct AttemptsView {
  std::vector<AttemptCount> attempts{};
  std::vector<SourceCount> sources{};
};

struct ExplainRequest {
  std::string to{};        // "NS/POD" or "node/NAME"
  std::string from{};      // an address, or "NS/POD"
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};
struct ExplainView {
  ExplainRequest request{};
  Decision decision{};
  std::string source_class{};
  std::string cilium_release{};
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual StatusView status() const = 0;
  virtual std::vector<Finding> findings() const = 0;          // open, and resolved within a day
  virtual Result<std::vector<Finding>> findings_since(Time since) const = 0;  // from the store
  virtual std::vector<EndpointRow> endpoints() const = 0;
  virtual std::vector<Exposure> exposure() const = 0;
  virtual Result<AttemptsView> attempts() const = 0;
  virtual std::vector<UplinkCount> uplink_counts() const = 0;
  virtual Result<ExplainView> explain(const ExplainRequest& request) const = 0;
};

}  // namespace sextant::report
