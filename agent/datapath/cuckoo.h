// Fills a cuckoo hash table as bpf/tables.h describes it: buckets of TABLE_WAYS entries, two buckets for a key, the
// second only when the first is full (Pagh and Rodler 2004; buckets: Dietzfelbinger and Weidling 2007).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "bpf/tables.h"

namespace sextant::datapath {

// Traits: Entry, Bucket, static bool is_free(const Entry&), static std::uint64_t hash(const Entry&, std::uint64_t
// seed).
template <class Traits>
class CuckooTable {
 public:
  using Entry = typename Traits::Entry;
  using Bucket = typename Traits::Bucket;

  // `buckets`: a power of two.
  CuckooTable(std::uint32_t buckets, const Bucket& empty, std::uint64_t seed)
      : buckets_(buckets, empty), mask_(buckets - 1), seed_(seed) {}

  // False: neither `entry` nor one that had to make room for it found a place; that one is left in `entry`.
  bool insert(Entry& entry) {
    for (int kicks = 0; kicks < kMaxKicks; ++kicks) {
      const std::uint64_t hash = Traits::hash(entry, seed_);
      Bucket& first = buckets_[first_bucket(hash, mask_)];
      Bucket& second = buckets_[second_bucket(hash, mask_)];
      if (put(first, entry) || put(second, entry)) return true;
      // Both are full. Whoever is displaced came here, or goes from here, to its other bucket.
      Bucket& full = kicks % 2 == 0 ? first : second;
      std::swap(full.ways[(kicks / 2) % TABLE_WAYS], entry);
    }
    return false;
  }

  std::vector<Bucket> take() && { return std::move(buckets_); }

 private:
  static constexpr int kMaxKicks = 256;

  static bool put(Bucket& bucket, const Entry& entry) {
    for (Entry& way : bucket.ways) {
      if (!Traits::is_free(way)) continue;
      way = entry;
      return true;
    }
    return false;
  }

  std::vector<Bucket> buckets_;
  std::uint32_t mask_;
  std::uint64_t seed_;
};

}  // namespace sextant::datapath
