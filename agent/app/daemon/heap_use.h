// HeapUse: gives memory that was freed back to the system after much has changed.
//
// Loading programs, reading a whole cluster and putting policies together leave holes in the heap, which the allocator
// keeps for later. A daemon is quiet for days after, and its container's limit counts what it holds.
#pragma once

#include <cstdint>

namespace sextant::app {

class HeapUse {
 public:
  // An object came, changed or went.
  void on_change() { ++changes_; }
  // Once a second. Gives back when many objects have changed and the burst is over, or goes on for long; the start is
  // such a burst, and over when the sources were read (`started`). True: it has.
  bool tick(bool started);

 private:
  static constexpr std::uint64_t kMany = 500;     // fewer leave little behind
  static constexpr std::uint64_t kLong = 10'000;  // without a quiet second

  std::uint64_t changes_ = kMany;  // since memory was given back last
  std::uint64_t at_last_tick_ = 0;
};

}  // namespace sextant::app
