// How people name the two ends of a verdict, for the API and the command line alike.
#pragma once

#include <string_view>
#include <variant>

#include "agent/base/result.h"
#include "agent/model/endpoint.h"
#include "agent/policy/engine.h"

namespace sextant::app {

// "NS/POD", "node/NAME", or "NS/Deployment/web" for a pod template. Errors show the form.
Result<policy::Subject> subject_from(std::string_view text);
// What can be asked for: an endpoint as subject_from() has it, an address that one has or that a service has, or
// "service/NS/NAME".
using Destination = std::variant<policy::Subject, IpAddress, EndpointRef>;
Result<Destination> destination_from(std::string_view text);
// An address, "NS/POD", or "node/NAME".
Result<policy::Peer> peer_from(std::string_view text);

struct PortAndProtocol {
  std::uint16_t port = 0;
  Protocol protocol = Protocol::kTcp;
};
// "443", "443/TCP", "128/ICMPv6" (then the port is the type). Case does not matter.
Result<PortAndProtocol> port_from(std::string_view text);

}  // namespace sextant::app
