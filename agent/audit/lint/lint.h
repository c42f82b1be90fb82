// lint: policies that do not do what they say, or mean something else on public IPv6 than their authors likely had in
// mind.
//
// Pure: of the world and Cilium's options. Reasons are in reasons.h; each has a check of its own. A policy's annotation
// sextant.dev/lint-ignore, a list of reasons' words with commas, silences them for it.
#pragma once

#include <string>
#include <vector>

#include "agent/audit/lint/reasons.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::audit::lint {

inline constexpr std::string_view kIgnoreAnnotation = "sextant.dev/lint-ignore";

// One thing to say of one policy.
struct Remark {
  ReasonId reason = ReasonId::kRefused;
  PolicyRef policy{};     // the rule in it; origin: its file and line
  std::string message{};  // a sentence without a final full stop, about the rule
  std::string fix{};      // the same: what to do
  bool operator==(const Remark&) const = default;
};

struct Report {
  std::vector<Remark> remarks{};  // by file and line
  std::size_t policies = 0;       // that were looked at
  std::size_t silenced = 0;       // remarks that an annotation asked not to hear
};

Report lint(const World& world, const policy::Options& options);

// Whether the policy's annotation names the reason.
bool is_silenced(const World& world, const Remark& remark);

}  // namespace sextant::audit::lint
