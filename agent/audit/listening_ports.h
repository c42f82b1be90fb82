// Which ports of which endpoint a socket listens on, as packets from outside would find it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/model/finding.h"
#include "agent/model/observation.h"

namespace sextant::audit {

using PortKey = std::pair<Protocol, std::uint16_t>;
using PortViews = std::map<PortKey, ListeningView>;

class ListeningPorts {
 public:
  void replace(const ListenerPicture& picture);
  bool known() const { return known_; }

  // By pod UID; empty: nothing listens.
  const PortViews& of_pod(std::string_view uid) const;
  const PortViews& of_node() const { return node_; }
  // Sockets of the host's network namespace that packets from another host can reach, by port.
  const std::map<PortKey, std::vector<Listener>>& node_sockets() const { return node_sockets_; }

 private:
  bool known_ = false;
  std::map<std::string, PortViews, std::less<>> pods_{};
  PortViews node_{};
  std::map<PortKey, std::vector<Listener>> node_sockets_{};
};

// Bound where an IPv6 packet from another host can arrive: not loopback, not link-local, not IPv4.
bool hears_outside(const Listener& listener);

}  // namespace sextant::audit
