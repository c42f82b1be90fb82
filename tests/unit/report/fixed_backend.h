// A Backend that answers what a test puts into it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/report/backend.h"
#include "values.h"

namespace sextant::report {

class FixedBackend final : public Backend {
 public:
  StatusView status() const override { return status_view; }
  std::vector<Finding> findings() const override { return recent; }
  Result<std::vector<Finding>> findings_since(Time) const override { return stored; }
  std::vector<EndpointRow> endpoints() const override { return rows; }
  std::vector<Exposure> exposure() const override { return exposures; }
  Result<AttemptsView> attempts() const override { return attempts_view; }
  std::vector<UplinkCount> uplink_counts() const override { return uplinks; }
  Result<ExplainView> explain(const ExplainRequest& request) const override {
    if (request.to != "shop/db") return failure("to: there is no pod '" + request.to + "'");
    return ExplainView{
        .request = request,
        .decision = {.verdict = Verdict::kDeny, .because = Because::kDefaultDeny, .why = "nothing matches"},
        .source_class = "world",
        .cilium_release = "1.20.2"};
  }
  void lint(const LintRequest& request, std::function<void(Result<LintView>)> done) const override {
    lint_asked = request;
    lint_done = std::move(done);
    if (lint_view) std::exchange(lint_done, {})(*lint_view);
  }
  MetricsView metrics() const override { return metrics_view; }
  std::string workload_of(const EndpointRef& endpoint) const override {
    return endpoint == db().ref ? db().workload : std::string();
  }

  StatusView status_view{.node = "n1", .version = "0.1.0", .started = at()};
  std::vector<Finding> recent{unintended_delivery()};
  Result<std::vector<Finding>> stored = std::vector<Finding>{};
  std::vector<EndpointRow> rows{db_row()};
  std::vector<Exposure> exposures{web_exposure()};
  Result<AttemptsView> attempts_view = AttemptsView{};
  std::vector<UplinkCount> uplinks{};
  MetricsView metrics_view{};
  std::optional<Result<LintView>> lint_view{LintView{.cilium_release = "1.20.2"}};  // nullopt: later, by lint_done
  mutable LintRequest lint_asked{};
  mutable std::function<void(Result<LintView>)> lint_done{};
};

}  // namespace sextant::report
