// What a port rule asks of the L7 proxy: rules, TLS, server names, listeners.
#pragma once

#include <vector>

#include "agent/policy/ports.h"

namespace sextant::policy {

// `port_rule` is one element of toPorts; `ports` are its ports, already read.
Redirect read_redirect(const Document& port_rule, const Path& path, const PortReading& reading,
                       const std::vector<PortItem>& ports, Report& report);

// Whether any port rule in the list has L7 rules that are not empty. `kinds`: "dns" when one has DNS rules.
struct L7Kinds {
  bool any = false;
  bool dns = false;
  bool http = false;
  bool kafka = false;
};
L7Kinds l7_kinds(const Document& to_ports, Release release);

// A matchName or matchPattern of DNS rules and of toFQDNs.
void check_dns_match(const Document& document, const Path& path, Report& report);

}  // namespace sextant::policy
