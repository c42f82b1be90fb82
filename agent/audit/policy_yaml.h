// Fixes: policies ready to be reviewed and applied.
#pragma once

#include <string>
#include <vector>

#include "agent/audit/listening_ports.h"
#include "agent/model/endpoint.h"
#include "agent/model/objects.h"

namespace sextant::audit::policy_yaml {

// A CiliumNetworkPolicy that lets the pod's namespace in and nobody else; what listens is offered in comments.
std::string isolate(const Pod& pod, const PortViews& listening);

// A CiliumClusterwideNetworkPolicy for the nodes' host endpoints that denies the internet one port and changes nothing
// else (needs Cilium's host firewall, and 1.16 for enableDefaultDeny).
std::string close_on_nodes(Protocol protocol, std::uint16_t port);

// How to say that a service's port, or a pod's host port, is meant for the internet: a comment.
std::string declare_public(const EndpointRef& owner, Protocol protocol, std::uint16_t port);

// The part of a Service that lets its backends see who comes. Only nodes with a backend answer then.
std::string keep_clients(const EndpointRef& service);

// `text` as a YAML scalar that every YAML 1.1 and 1.2 reader takes for a string; `text` is one line.
std::string scalar(std::string_view text);

}  // namespace sextant::audit::policy_yaml
