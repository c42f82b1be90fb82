// The auditor: joins the witnesses into rows, and keeps the findings that follow from them.
//
// Pure but for its memory of findings: no I/O, time by parameter. The same inputs in the same order give the same findings.
// It is told what changed and asked, at the end of a round, what follows. Thread: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/model/finding.h"
#include "agent/model/intent.h"
#include "agent/model/observation.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::audit {

struct Config {
  std::string node{};
  std::chrono::seconds quiet{600};     // findings.quiet
  // Observations that disagree are held against a changed intent only after this: the CNI needs time to follow.
  // Start-up is no change.
  std::chrono::seconds settle{10};     // cilium.settle
  std::chrono::hours again{24};        // reopened within this: the same finding, "again"
  std::map<std::string, Severity, std::less<>> severities{};  // code -> severity, where the configuration changes it
  std::string runbook_base = "https://sextant.dev/runbooks/";
};

class Auditor {
 public:
  Auditor(const World& world, const policy::Engine& engine, Config config);
  ~Auditor();
  Auditor(Auditor&&) noexcept;

  // Findings of an earlier life of the process, open and resolved within `again`: before anything else.
  void restore(std::vector<Finding> findings);

  // The world or the policies changed: every endpoint's intent is looked at again.
  void on_intent(Time now);
  // A picture of the rows' counters, or one row's event.
  void on_rows(const std::vector<RowObservation>& rows, Time now);
  void on_row(const RowObservation& row, Time now);
  void on_stray(const StrayDelivery& stray, Time now);
  void on_listeners(const ListenerPicture& picture, Time now);
  // All blind spots there are now.
  void on_blind_spots(std::vector<BlindSpot> spots, Time now);

  // What changed in the findings since the last call; lets quiet evidence lapse. An unchanged finding is not told again,
  // except that lastSeen and count are updated at most once in 10 s.
  std::vector<FindingChange> settle(Time now);

  std::vector<Finding> findings() const;   // open ones, and those resolved within `again`
  // The rows of the local node's endpoints. Ranges in which no witness tells ports apart are one row.
  std::vector<EndpointRow> rows() const;
  // What the internet can reach on this node: exposures_of() every local endpoint, with what listens there.
  std::vector<Exposure> exposures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of one endpoint's intent; public classes only. Sorted by protocol and port.
std::vector<Exposure> exposures_of(const EndpointIntent& intent, const EndpointDetail& endpoint);

}  // namespace sextant::audit
