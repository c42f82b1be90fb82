// The verdict of a KernelIntent looked up the plain way: what the tables and the programs must agree with.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/model/intent.h"

namespace sextant::test {

inline std::optional<std::uint32_t> policy_of(const KernelIntent& intent, const IpAddress& destination) {
  for (const KernelEndpoint& endpoint : intent.endpoints) {
    for (const IpAddress& address : endpoint.addresses) {
      if (address == destination) return endpoint.policy;
    }
  }
  return std::nullopt;
}

inline ClassId class_of(const KernelIntent& intent, const IpAddress& source) {
  ClassId found = 0;
  for (const SourceRange& range : intent.sources) {
    if (range.first <= source) found = range.source;
  }
  return found;
}

inline bool is_public(const KernelIntent& intent, ClassId id) {
  for (const auto& source : intent.classes) {
    if (source->id == id) return source->is_public;
  }
  return false;
}

inline Verdict verdict_of(const PortMap& ports, Protocol protocol, std::uint16_t port) {
  bool has_own = false;
  for (const KernelRange& range : ports) {
    if (range.protocol != protocol) continue;
    has_own = true;
    if (range.first_port <= port && port <= range.last_port) return range.verdict;
  }
  if (has_own) return Verdict::kUnknown;
  return protocol == Protocol::kAny || ports.empty() || ports.front().protocol != Protocol::kAny ||
                 ports.front().first_port != 0
             ? Verdict::kUnknown
             : ports.front().verdict;
}

inline Verdict verdict_of(const KernelIntent& intent, std::uint32_t policy, ClassId source, Protocol protocol,
                          std::uint16_t port) {
  return verdict_of(intent.port_maps[intent.policies[policy].port_map(source)], protocol, port);
}

}  // namespace sextant::test
