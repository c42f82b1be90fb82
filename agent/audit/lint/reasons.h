// Why lint speaks: the reasons of SXT012, in one table. A reason's word is stable: scripts and annotations name it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/model/finding.h"

namespace sextant::audit::lint {

enum class ReasonId : std::uint8_t {
  kRefused,   // by the API server
  kRejected,  // by Cilium
  kPruned,
  kUncomputable,
  kSelectsNothing,
  kShadowed,
  kRedundant,
  kOverruled,
  kRemoteClients,
  kOneFamily,
  kWorldPrefix,
  kClusterPrefix,
  kOneNamespace,
  kEmptyRule,
  kNoPacketTooBig,
  kFilteredLabel,
  kHostBits,
  kDefect,
  kCount
};

struct Reason {
  ReasonId id;
  std::string_view word;   // "selects-nothing"
  Severity severity;       // warning: the policy does not do what it says; info: it may not be what was meant
  std::string_view title;  // a few words
  std::string_view help;   // what it means, sentences
};

// In the order of ReasonId.
std::span<const Reason> reasons();
const Reason& reason(ReasonId id);
// "SXT012/selects-nothing".
std::string code_of(const Reason& reason);

}  // namespace sextant::audit::lint
