// What a map and a program cost, as the kernel tells it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "agent/datapath/datapath.h"

namespace sextant::datapath {

// Entries of a hash map are counted one by one; those of any other kind are its capacity.
Datapath::MapUse map_use(const std::string& name, int fd);

// Runs and run time; nothing is lost as far as this knows.
Datapath::ProgramUse program_use(const std::string& name, int fd);

// A counter in a program's memory, which the program raises meanwhile.
template <class Counter>
std::uint64_t read_counter(Counter& counter) {
  return std::atomic_ref(counter).load(std::memory_order_relaxed);
}

}  // namespace sextant::datapath
