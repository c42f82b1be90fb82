// What the API and the metrics ask for, answered from the daemon's parts.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/config.h"
#include "agent/app/daemon/lint_desk.h"
#include "agent/app/daemon/stale_intent.h"
#include "agent/audit/auditor.h"
#include "agent/base/clock.h"
#include "agent/datapath/datapath.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"
#include "agent/report/backend.h"
#include "agent/report/store.h"

namespace sextant::app {

// The parts as the views see them: set by the daemon as they come to be. A null part is not there.
struct Parts {
  const World* world = nullptr;
  const policy::Engine* engine = nullptr;
  const StaleIntent* intent = nullptr;
  std::string cilium_release{};  // whose semantics, for people
  LintDesk* lint = nullptr;
  const audit::Auditor* auditor = nullptr;
  const report::Store* store = nullptr;
  const datapath::Datapath* datapath = nullptr;
  std::string datapath_error{};     // why there is none
  std::vector<Feature> features{};  // when there is no datapath
  std::vector<report::SourceStatus> sources{};
  std::vector<BlindSpot> blind_spots{};
  bool intent_known = false;
  report::MetricsView metrics{};
  Time started{};
};

class Views final : public report::Backend {
 public:
  Views(const Parts& parts, const Config& config) : parts_(parts), config_(config) {}

  report::StatusView status() const override;
  std::vector<Finding> findings() const override;
  Result<std::vector<Finding>> findings_since(Time since) const override;
  std::vector<EndpointRow> endpoints() const override;
  std::vector<Exposure> exposure() const override;
  Result<report::AttemptsView> attempts() const override;
  std::vector<UplinkCount> uplink_counts() const override;
  Result<report::ExplainView> explain(const report::ExplainRequest& request) const override;
  report::MetricsView metrics() const override { return parts_.metrics; }
  void lint(const report::LintRequest& request, std::function<void(Result<report::LintView>)> done) const override;
  std::string workload_of(const EndpointRef& endpoint) const override;

  std::vector<WitnessStatus> witnesses() const;  // all seven, absent ones too

 private:
  std::vector<std::string> not_ready() const;

  const Parts& parts_;
  const Config& config_;
};

}  // namespace sextant::app
