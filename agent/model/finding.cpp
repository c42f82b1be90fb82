#include "agent/model/finding.h"

#include <algorithm>
#include <array>

namespace sextant {
namespace {

constexpr std::array<std::string_view, 3> kSeverities{"info", "warning", "critical"};

}  // namespace

std::string_view to_string(Severity severity) { return kSeverities.at(static_cast<std::size_t>(severity)); }

std::optional<Severity> severity_from(std::string_view text) {
  const auto* found = std::ranges::find(kSeverities, text);
  if (found == kSeverities.end()) return std::nullopt;
  return static_cast<Severity>(found - kSeverities.begin());
}

std::string_view to_string(FindingState state) { return state == FindingState::kOpen ? "open" : "resolved"; }

}  // namespace sextant
