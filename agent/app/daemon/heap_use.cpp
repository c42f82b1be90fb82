#include "agent/app/daemon/heap_use.h"

#include <utility>

#include <malloc.h>

namespace sextant::app {

bool HeapUse::tick(bool started) {
  const bool is_quiet = std::exchange(at_last_tick_, changes_) == changes_;
  const bool is_due = changes_ >= kLong || (changes_ >= kMany && is_quiet);
  if (!started || !is_due) return false;
  changes_ = at_last_tick_ = 0;
  ::malloc_trim(0);
  return true;
}

}  // namespace sextant::app
