// StaleIntent: the engine's answers, and "unknown" in place of those that rest on what is too old to be believed.
//
// A policy that was changed while the API server was away is not seen: what the last picture allows or denies may be
// neither. The engine is not asked to forget; when the picture is fresh again, its answers are as before.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/audit/lookups.h"
#include "agent/model/intent.h"
#include "agent/policy/engine.h"

namespace sextant::app {

// Why answers are unknown; empty: they are not.
struct Staleness {
  std::string all{};    // policies, and the labels of what they select
  std::string peers{};  // pods of other nodes: answers about pods as sources
  bool operator==(const Staleness&) const = default;
};

class StaleIntent {
 public:
  // The engine must outlive this.
  explicit StaleIntent(const policy::Engine& engine) : engine_(engine) {}

  // True: it is another than before, and everything must be asked anew.
  bool set(Staleness staleness);
  const Staleness& staleness() const { return staleness_; }

  std::shared_ptr<const EndpointIntent> intent(const EndpointRef& endpoint) const;
  KernelIntent compile() const;
  Result<Decision> decide(const policy::Subject& to, const policy::Peer& from, Protocol protocol, std::uint16_t port,
                          bool trace) const;
  audit::Lookups lookups() const;

 private:
  const std::string& why(const SourceClass& source) const;
  IntentRows rows_now(const IntentRows& rows) const;

  const policy::Engine& engine_;
  Staleness staleness_{};
  struct Made {
    std::shared_ptr<const EndpointIntent> from{};
    std::shared_ptr<const EndpointIntent> made{};
  };
  mutable std::map<EndpointRef, Made> made_{};  // the auditor compares pointers
};

}  // namespace sextant::app
