// Reads a whole BPF hash map in batches. A program that writes it meanwhile may add entries that are not read; no entry
// is read twice.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <bpf/bpf.h>

#include "agent/base/result.h"

namespace sextant::datapath {

template <class Key, class Value>
Result<std::vector<std::pair<Key, Value>>> read_hash_map(int fd, std::string_view doing) {
  std::vector<std::pair<Key, Value>> entries;
  std::vector<Key> keys(512);
  std::vector<Value> values(keys.size());
  std::uint32_t bucket = 0;  // where the next batch begins
  bool first = true;
  while (true) {
    auto count = static_cast<std::uint32_t>(keys.size());
    std::uint32_t next = 0;
    const int err =
        bpf_map_lookup_batch(fd, first ? nullptr : &bucket, &next, keys.data(), values.data(), &count, nullptr);
    if (err == -ENOSPC) {  // a bucket holds more than fits: nothing was read
      keys.resize(keys.size() * 2);
      values.resize(keys.size());
      continue;
    }
    if (err != 0 && err != -ENOENT) return errno_failure(doing, err);
    for (std::uint32_t i = 0; i < count; ++i) entries.emplace_back(keys[i], values[i]);
    if (err == -ENOENT) return entries;  // that was the last batch
    bucket = next;
    first = false;
  }
}

}  // namespace sextant::datapath
