#include "agent/datapath/map_use.h"

#include <cstddef>
#include <fstream>
#include <vector>

#include <bpf/bpf.h>

namespace sextant::datapath {
namespace {

// The charge to the memory cgroup, which only fdinfo tells (kernel/bpf/syscall.c, bpf_map_show_fdinfo).
std::uint64_t bytes_of(int fd) {
  std::ifstream fdinfo("/proc/self/fdinfo/" + std::to_string(fd));
  std::string field;
  std::uint64_t bytes = 0;
  while (fdinfo >> field) {
    if (field == "memlock:" && fdinfo >> bytes) return bytes;
  }
  return 0;
}

std::uint64_t count_entries(int fd, std::size_t key_size, std::uint64_t capacity) {
  std::vector<std::byte> key(key_size);
  std::uint64_t entries = 0;
  // A key that is deleted between two steps starts the walk anew: the capacity ends it.
  for (bool first = true; entries < capacity; ++entries, first = false) {
    if (bpf_map_get_next_key(fd, first ? nullptr : key.data(), key.data()) != 0) break;
  }
  return entries;
}

}  // namespace

Datapath::MapUse map_use(const std::string& name, int fd) {
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_map_get_info_by_fd(fd, &info, &size) != 0) return {.map = name};
  Datapath::MapUse use{.map = name, .entries = info.max_entries, .capacity = info.max_entries, .bytes = bytes_of(fd)};
  if (info.type == BPF_MAP_TYPE_HASH || info.type == BPF_MAP_TYPE_LRU_HASH) {
    use.entries = count_entries(fd, info.key_size, info.max_entries);
  }
  return use;
}

Datapath::ProgramUse program_use(const std::string& name, int fd) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_prog_get_info_by_fd(fd, &info, &size) != 0) return {.program = name};
  return {.program = name, .runs = info.run_cnt, .run_time = std::chrono::nanoseconds(info.run_time_ns)};
}

}  // namespace sextant::datapath
