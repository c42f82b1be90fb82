// toPorts, icmps and a NetworkPolicy's ports: read, validated, and turned into ranges.
#pragma once

#include <string_view>
#include <vector>

#include "agent/policy/rule.h"

namespace sextant::policy {

// IANA service names (RFC 6335 5.1), as Cilium tells them from numbers: at least one letter, at most 15 characters.
bool is_service_name(std::string_view text);

struct PortReading {
  Release release = kNewestRelease;
  bool ingress = true;
  bool deny = false;
  bool node = false;  // the subject is a node
};

// The elements of toPorts. `list` may be empty, never null.
std::vector<PortRule> read_to_ports(const Document& list, const Path& path, const PortReading& reading, Report& report);
// The elements of icmps.
std::vector<PortRule> read_icmps(const Document& list, const Path& path, Release release, Report& report);
// The ports of a NetworkPolicy's rule.
std::vector<PortRule> read_network_policy_ports(const Document& list, const Path& path, Release release,
                                                Report& report);
// A ClusterNetworkPolicy's protocols.
std::vector<PortRule> read_protocols(const Document& list, const Path& path, Report& report);

}  // namespace sextant::policy
