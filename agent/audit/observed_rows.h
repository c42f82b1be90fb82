// The kernel's rows as the auditor remembers them: the newest of picture and events, and which of their packets have
// been judged.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "agent/base/clock.h"
#include "agent/model/observation.h"

namespace sextant::audit {

struct ObservedRow {
  RowObservation seen{};
  // Packets judged before: counters of the kernel's row at that time.
  std::uint64_t judged_delivered = 0;
  std::uint64_t judged_dropped = 0;
  bool fresh = true;  // changed since it was last judged

  std::uint64_t fresh_delivered() const { return seen.delivered - judged_delivered; }
  std::uint64_t fresh_dropped() const { return seen.dropped - judged_dropped; }
};

// The newest packet of the row reached a socket.
bool newest_delivered(const RowObservation& row);
// The newest packet of the row died.
bool newest_dropped(const RowObservation& row);
// ...and a wall refused it, which proves that the row is closed.
bool newest_refused(const RowObservation& row);

class ObservedRows {
 public:
  // Every row there is: those not named are forgotten. True when something changed.
  bool replace(const std::vector<RowObservation>& picture);
  void merge(const RowObservation& row);
  void judged(const RowKey& key);

  const std::map<RowKey, ObservedRow>& all() const { return rows_; }
  std::vector<const RowObservation*> of(const EndpointRef& endpoint) const;
  // The rows of every class for one port.
  std::vector<const RowObservation*> at(const EndpointRef& endpoint, Protocol protocol, std::uint16_t port) const;

 private:
  std::map<RowKey, ObservedRow> rows_{};
};

}  // namespace sextant::audit
