// Passages: who gets through a door, to which backend, by which policy, and whether anybody meant it.
//
// A backend's policies see the packet after its destination was translated, and its source as it was, or as the
// entry node's address (Cilium: Documentation/network/kubernetes/kubeproxy-free.rst and
// Documentation/security/policy/caveats.rst; kube-proxy: pkg/proxy/iptables, "masquerade traffic for ... external
// destinations"). Where it is not known which, both are asked; only where they agree is the answer definite.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/audit/lookups.h"
#include "agent/audit/services/backends.h"
#include "agent/audit/services/door.h"
#include "agent/model/finding.h"
#include "agent/model/intent.h"
#include "agent/model/world.h"

namespace sextant::audit {

// What becomes of those who come through a door; many classes of sources share one.
struct Outcome {
  Verdict verdict = Verdict::kUnknown;  // the most open one over all backends and entries
  Because because = Because::kUnknown;
  std::string why{};                    // a sentence, of the most open backend
  SharedPolicies policies{};            // that decide there
  std::vector<BackendView> backends{};  // the most open one first
  std::vector<std::string> entered{};   // of each backend: the node at which packets come in; empty: not known
  std::string intended_by{};            // who meant these sources to reach it; empty: nobody
};

struct Passage {
  std::shared_ptr<const SourceClass> source{};  // public; narrowed where the service's source ranges cut it
  std::shared_ptr<const Outcome> outcome{};     // never null
};

struct DoorPassages {
  Door door{};                      // without its pointers into the World, which may change
  std::vector<Passage> passages{};  // by class, each source in one
  std::string remark{};             // what is wrong with the annotation that should declare it; empty: nothing
};

// What passages are computed from; all of it must outlive the call.
struct ServiceGround {
  const World& world;
  const Lookups& lookups;
  const Forwarding& forwarding;
  std::vector<std::string> entry_nodes{};  // at which packets may enter; empty: some node that is not known
  bool expect_addresses = false;           // as public_doors()
};

// Of every public door.
std::vector<DoorPassages> passages_of(const ServiceGround& ground);
// Of these, which are the world's as it is.
std::vector<DoorPassages> passages_of(const ServiceGround& ground, const std::vector<Door>& doors);

}  // namespace sextant::audit
