// Intent to kernel tables: endpoints, source ranges, and what each policy says of each class, shared where equal.
#pragma once

#include "agent/policy/engine_state.h"

namespace sextant::policy {

KernelIntent compile_kernel_intent(const Engine& engine, const World& world, const Classes& classes);

}  // namespace sextant::policy
