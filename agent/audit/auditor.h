// The auditor: joins the witnesses into rows, and keeps the findings that follow from them.
//
// Pure but for its memory of findings: no I/O, time by parameter. The same inputs in the same order give the same
// findings. It is told what changed and asked, at the end of a round, what follows. Thread: one.
//
// To change one finding, open the file named for it: unintended_delivery.cpp (SXT001), unprotected_endpoint.cpp
// (SXT005), unmanaged_endpoint.cpp (SXT007), host_exposure.cpp (SXT008), unintended_drop.cpp (SXT009), blind_spot.cpp
// (SXT010), service_exposure.cpp (SXT011), ineffective_policy.cpp (SXT012). When findings open and resolve:
// finding_book.h.
#pragma once

#include <memory>
#include <vector>

#include "agent/audit/config.h"
#include "agent/audit/lookups.h"
#include "agent/audit/services/passage.h"
#include "agent/base/clock.h"
#include "agent/model/finding.h"
#include "agent/model/intent.h"
#include "agent/model/observation.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::audit {

class Auditor {
 public:
  // `world` and what the lookups refer to must outlive the auditor.
  Auditor(const World& world, Lookups lookups, Config config);
  Auditor(const World& world, const policy::Engine& engine, Config config)
      : Auditor(world, lookups_of(engine), std::move(config)) {}
  ~Auditor();
  Auditor(Auditor&&) noexcept;

  // Findings of an earlier life of the process, open and resolved within `again`: before anything else.
  // An open one is not resolved before the witness of its evidence has looked once in this life.
  void restore(std::vector<Finding> findings);

  // How services are translated; heeded by the next on_intent().
  void on_forwarding(const Forwarding& forwarding);
  const Forwarding& forwarding() const;
  // The world or the policies changed: every endpoint's intent is looked at again.
  void on_intent(Time now);
  // A picture of the rows' counters (all rows that there are), or one row's event.
  void on_rows(const std::vector<RowObservation>& rows, Time now);
  void on_row(const RowObservation& row, Time now);
  void on_stray(const StrayDelivery& stray, Time now);
  void on_listeners(const ListenerPicture& picture, Time now);
  // All blind spots there are now.
  void on_blind_spots(std::vector<BlindSpot> spots, Time now);

  // What changed in the findings since the last call, in the order it happened; lets quiet evidence lapse. An unchanged
  // finding is not told again, except that lastSeen, count and wording are updated at most once in 10 s.
  std::vector<FindingChange> settle(Time now);

  std::vector<Finding> findings() const;  // open ones, and those resolved within `again`; open ones first
  // The rows of the local node's endpoints. Ranges in which no witness tells ports apart are one row; classes that no
  // witness tells from the rest of the internet are in its row. Sorted by endpoint, protocol, port and class.
  std::vector<EndpointRow> rows() const;
  // What the internet can reach on this node: exposures_of() every local endpoint, with what listens there.
  std::vector<Exposure> exposures() const;
  // The public doors of services and host ports, as they were at the last on_intent().
  const std::vector<DoorPassages>& doors() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of one endpoint's intent; public classes only. Sorted by protocol and port.
std::vector<Exposure> exposures_of(const EndpointIntent& intent, const EndpointDetail& endpoint);

}  // namespace sextant::audit
