// The findings' codes, names and severities, as DESIGN lists them.
#pragma once

#include <array>
#include <string_view>

#include "agent/model/finding.h"

namespace sextant::audit {

struct Code {
  std::string_view id{};
  std::string_view name{};
  Severity severity = Severity::kWarning;
};

inline constexpr Code kUnintendedDelivery{"SXT001", "UnintendedDelivery", Severity::kCritical};
inline constexpr Code kUnintendedReachability{"SXT002", "UnintendedReachability", Severity::kCritical};
inline constexpr Code kRealizedAllowsMore{"SXT003", "RealizedAllowsMore", Severity::kCritical};
inline constexpr Code kRealizedAllowsLess{"SXT004", "RealizedAllowsLess", Severity::kWarning};
inline constexpr Code kUnprotectedEndpoint{"SXT005", "UnprotectedEndpoint", Severity::kWarning};
inline constexpr Code kContractViolation{"SXT006", "ContractViolation", Severity::kCritical};
inline constexpr Code kUnmanagedEndpoint{"SXT007", "UnmanagedEndpoint", Severity::kWarning};
inline constexpr Code kHostExposure{"SXT008", "HostExposure", Severity::kCritical};
inline constexpr Code kUnintendedDrop{"SXT009", "UnintendedDrop", Severity::kWarning};
inline constexpr Code kBlindSpot{"SXT010", "BlindSpot", Severity::kWarning};
inline constexpr Code kServiceExposure{"SXT011", "ServiceExposure", Severity::kCritical};
inline constexpr Code kIneffectivePolicy{"SXT012", "IneffectivePolicy", Severity::kInfo};

inline constexpr std::array kCodes{kUnintendedDelivery, kUnintendedReachability, kRealizedAllowsMore,
                                   kRealizedAllowsLess, kUnprotectedEndpoint,    kContractViolation,
                                   kUnmanagedEndpoint,  kHostExposure,           kUnintendedDrop,
                                   kBlindSpot,          kServiceExposure,        kIneffectivePolicy};

}  // namespace sextant::audit
