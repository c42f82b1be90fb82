// What two pictures of a cluster expose differently to the internet: two manifest trees, or two releases of Cilium.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/model/finding.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::audit {

struct ExposureSide {
  const World& world;
  const policy::Engine& engine;
};

struct ExposureChange {
  enum class Kind : std::uint8_t { kOpened, kClosed, kChanged } kind = Kind::kChanged;
  EndpointDetail endpoint{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
  std::optional<Verdict> before{};  // nullopt: the endpoint is not there
  std::optional<Verdict> after{};
  SourceDetail source{};              // exactly whom it concerns
  std::string why{};                  // of the verdict after, or before when there is none
  std::vector<PolicyRef> policies{};  // that decide after; where none does, before
  std::string cause{};                // between releases: the difference that makes it; empty: not told
};
std::string_view to_string(ExposureChange::Kind kind);  // "opened", "closed", "changed"

// Sorted by endpoint, protocol and port. Of the endpoints that have a public address or may get one.
std::vector<ExposureChange> diff(const ExposureSide& before, const ExposureSide& after);
// The same world under two releases; tells the differences of the releases that the changes come from.
std::vector<ExposureChange> diff_releases(const World& world, const policy::Options& from, const policy::Options& to);

// What diff() looks at: pods and templates that have a public address or may get one, and nodes that have one.
struct PublicEndpoint {
  EndpointDetail detail{};
  ObjectKey workload{};  // of a pod template; else the name is empty
};
std::vector<PublicEndpoint> public_endpoints(const World& world);
std::shared_ptr<const EndpointIntent> intent_of(const policy::Engine& engine, const PublicEndpoint& endpoint);

}  // namespace sextant::audit
