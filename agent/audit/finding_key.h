// What makes a finding the same finding, and the id that follows from it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/model/endpoint.h"
#include "agent/model/finding.h"

namespace sextant::audit {

struct FindingKey {
  std::string code{};
  std::string node{};
  EndpointRef endpoint{};
  std::optional<Protocol> protocol{};
  std::optional<std::uint16_t> port{};
  std::string source_class{};  // its name; empty when the finding is about no source

  auto operator<=>(const FindingKey&) const = default;
};

FindingKey key_of(const Finding& finding);

// "SXT001-6f1c2b9d": 64-bit FNV-1a over the key's parts, each ended by a byte that no name holds, folded to 32 bits.
// Never change it: stored findings and silenced alerts hold these ids. `attempt` counts up when another key has the id.
std::string finding_id(const FindingKey& key, unsigned attempt = 0);

}  // namespace sextant::audit
