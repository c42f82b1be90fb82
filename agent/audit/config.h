// What the auditor can be told to do otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "agent/model/finding.h"

namespace sextant::audit {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // inclusive
  bool contains(std::uint16_t port) const { return first <= port && port <= last; }
};

struct Config {
  std::string node{};
  std::chrono::seconds quiet{600};  // findings.quiet
  // Observations that disagree are held against a changed intent only after this: the CNI needs time to follow.
  // Start-up is no change.
  std::chrono::seconds settle{10};  // cilium.settle
  std::chrono::hours again{24};     // reopened within this: the same finding, "again"
  // A new pod may receive before its source has told its address: SXT007 waits this long.
  std::chrono::seconds describe{5};
  // net.ipv4.ip_local_port_range: an unconnected UDP socket in it is most likely a client.
  PortRange ephemeral{.first = 32768, .last = 60999};
  // A process whose sockets hear only sources that the configuration names, whatever they are bound to: Sextant's own.
  // 0: none.
  std::uint32_t bounded_pid = 0;
  // Open findings and remembered resolved ones. Beyond it the oldest resolved ones are forgotten; when all are open,
  // new ones are refused, and SXT010 says so.
  std::size_t max_findings = 2000;
  std::map<std::string, Severity, std::less<>> severities{};  // code -> severity, where the configuration changes it
  std::string runbook_base = "https://sextant.dev/runbooks/";
};

}  // namespace sextant::audit
