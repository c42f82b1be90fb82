// A policy with one rule less, or with one rule alone: what a rule does is seen by what changes without it.
#pragma once

#include <optional>

#include "agent/audit/lint/tree.h"

namespace sextant::audit::lint {

// The policy without the rule; whatever it selects stays selected, and default deny stays on. nullopt: it has no such
// rule.
std::optional<PolicyObject> without_rule(const PolicyObject& policy, const RuleView& rule);
// The policy with this rule of this spec and nothing else.
std::optional<PolicyObject> only_rule(const PolicyObject& policy, const SpecView& spec, const RuleView& rule);

}  // namespace sextant::audit::lint
