// What every witness says now, side by side. The rules read it; only the auditor writes it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/audit/config.h"
#include "agent/audit/intent_changes.h"
#include "agent/audit/listening_ports.h"
#include "agent/audit/lookups.h"
#include "agent/audit/observed_rows.h"
#include "agent/audit/services/hole.h"
#include "agent/model/finding.h"
#include "agent/model/world.h"

namespace sextant::audit {

using Intents = std::map<EndpointRef, std::shared_ptr<const EndpointIntent>>;

// What the intent says about one observed row. `cell` is nullptr when no class of the intent holds the source;
// it is valid as long as the intent.
struct JudgedRow {
  std::shared_ptr<const SourceClass> observed_class{};  // the class as it was when the packet came; never nullptr
  std::optional<IntentRow> row{};                       // the row that the packet's source is in now
  const IntentCell* cell = nullptr;
};

class Picture {
 public:
  Picture(const World& world, Lookups lookups, Config config);

  // ---- what is told
  void look_at_intent(Time now);
  void prune_changes(Time before) { changes_.prune(before); }
  ObservedRows rows{};
  ListeningPorts listening{};
  Forwarding forwarding{};  // heeded by look_at_intent()
  std::vector<BlindSpot> blind_spots{};

  // ---- what can be read
  const World& world() const { return world_; }
  const Config& config() const { return config_; }
  const Lookups& lookups() const { return lookups_; }
  bool intent_known() const { return intent_known_; }

  EndpointRef node() const;
  // The local node's endpoints that have an intent: itself, and its own pods that hold an address.
  const Intents& intents() const { return intents_; }
  const EndpointIntent* intent(const EndpointRef& endpoint) const;
  EndpointDetail detail(const EndpointRef& endpoint) const;

  // The public doors of services and host ports as they were at the last look, and those that nobody meant.
  const std::vector<DoorPassages>& doors() const { return doors_; }
  const std::vector<Hole>& holes() const { return holes_; }

  // std::nullopt: the endpoint is gone, or its class was never told.
  std::optional<JudgedRow> judge(const RowObservation& row) const;
  // The packet came before the network could have followed the row's last change of intent.
  bool before_settled(const RowObservation& row, const JudgedRow& judged, Time packet) const;

  // std::nullopt: nobody has looked.
  std::optional<ListeningView> listening_at(const EndpointRef& endpoint, Protocol protocol, std::uint16_t port) const;
  // nullptr: nobody has looked, or no process can be attributed to the endpoint. Valid until `listening` changes.
  const PortViews* listening_of(const EndpointRef& endpoint) const;

 private:
  std::vector<EndpointRef> local_endpoints() const;

  const World& world_;
  const Lookups lookups_;
  const Config config_;
  bool intent_known_ = false;
  Intents intents_{};
  IntentChanges changes_{};
  std::vector<DoorPassages> doors_{};
  std::vector<Hole> holes_{};
};

// A local pod that holds an address of its own.
bool is_endpoint(const World& world, const Pod& pod);
// The first address of 2000::/3; std::nullopt: none.
std::optional<IpAddress> public_address(const std::vector<IpAddress>& addresses);

}  // namespace sextant::audit
