// One way to a backend: by a door, from the node at which packets enter. What the backend's policies say of who comes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/audit/services/backends.h"
#include "agent/audit/services/passage.h"
#include "agent/audit/services/seen_source.h"
#include "agent/policy/engine.h"

namespace sextant::audit {

// What a backend's policies say of one source that they may see.
struct Hearing {
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  std::string why{};
  SharedPolicies policies{};
};

class Route {
 public:
  using Source = std::shared_ptr<const SourceClass>;

  // `world`: the class of what no policy names; nullptr: none is known. `ground` and `backend` must outlive the route.
  Route(const ServiceGround& ground, const Door& door, const Backend& backend, std::string entry_node, SeenSource seen,
        std::shared_ptr<const EndpointIntent> intent, Source world);

  const Backend& backend() const { return backend_; }
  const SeenSource& seen() const { return seen_; }
  const std::string& entry_node() const { return entry_node_; }
  policy::Subject subject() const;

  // The same for classes that the backend treats alike: what tells them apart.
  const void* likeness(const Source& source) const;
  // A rule names the source itself, whatever source the backend comes to see.
  std::optional<PolicyRef> names(const Source& source) const;
  // Of all sources that may be seen; unknown where they do not agree.
  Hearing hear(const Source& source) const;
  // Whom the policies may see in the place of `client`: himself, a node, the world.
  std::vector<policy::Peer> seen_peers(const policy::Peer& client) const;

 private:
  std::optional<IntentRow> row_of(const Source& source) const;
  Hearing kept(const Source& source) const;
  Hearing as_node() const;
  Hearing decide(const policy::Peer& peer) const;

  const ServiceGround& ground_;
  const Backend& backend_;
  const std::string entry_node_;
  const SeenSource seen_;
  const std::shared_ptr<const EndpointIntent> intent_;
  const Protocol protocol_;
  const Source world_;
  std::vector<Hearing> translated_{};
};

// The class of the internet that no policy names; nullptr: none of them.
Route::Source world_among(const std::vector<Route::Source>& classes);

// Every way by the door to one of the backends, which must outlive them.
std::vector<Route> routes_to(const ServiceGround& ground, const Door& door, const std::vector<Backend>& backends,
                             const Route::Source& world);

}  // namespace sextant::audit
