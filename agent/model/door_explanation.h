// One question to a service's address, answered backend by backend.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/model/endpoint.h"
#include "agent/model/finding.h"
#include "agent/model/intent.h"

namespace sextant {

// A source that a backend's policies may see in the place of who asks, and what they say of it.
struct SeenAs {
  std::string who{};  // an address, "node/n2"; behind a tunnel "the world"
  Decision decision{};
};

struct BackendExplanation {
  std::string name{};        // "shop/web-0 8080", "Cilium's proxy"
  std::string entry_node{};  // at which packets come in; empty: not known
  BackendView view{};
  std::vector<SeenAs> seen{};  // empty: nobody knows the backend's policies
};

struct DoorExplanation {
  EndpointDetail endpoint{};  // the service, or of a host port the pod; the address is the door's
  std::string name{};         // "NodePort [2001:db8::1]:30080/TCP"
  std::string kind{};         // as DoorView
  std::string service_port{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;               // what is asked for
  Verdict verdict = Verdict::kUnknown;  // of the most open backend
  Because because = Because::kUnknown;
  std::string why{};
  std::string intended_by{};  // empty: nobody
  SharedPolicies policies{};
  std::string source_class{};
  std::vector<BackendExplanation> backends{};  // the most open one first
};

}  // namespace sextant
