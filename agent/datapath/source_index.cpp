#include "agent/datapath/source_index.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

namespace sextant::datapath {
namespace {

constexpr std::uint64_t kGlobalUnicastStart = 1ULL << 61U;
constexpr std::uint64_t kBucket = 1ULL << 45U;
constexpr std::uint64_t kBelowStart = (1ULL << 13U) - 1;  // bits of a first half that source_start() does not have
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kLastStart = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kFewRanges = 4;  // that begin in a bucket: a search of them reads no more than a block would

struct Start {
  std::uint32_t start = 0;
  std::uint32_t word = 0;
};

class IndexBuilder {
 public:
  IndexBuilder(const std::vector<table_source>& sources, std::size_t most_parts, std::size_t most_blocks)
      : sources_(sources), most_parts_(most_parts), most_blocks_(most_blocks) {}

  SourceIndex build() {
    index_.buckets.resize(TABLE_SOURCE_INDEX, {.first = TABLE_NO_CLASS, .how = BUCKET_ONE});
    if (sources_.empty()) return std::move(index_);
    add_bucket(TABLE_SOURCE_BUCKETS, 0, kGlobalUnicastStart - 1);
    for (std::uint32_t i = 0; i < TABLE_SOURCE_BUCKETS; ++i) {
      const std::uint64_t start = kGlobalUnicastStart + i * kBucket;
      add_bucket(i, start, start + (kBucket - 1));
    }
    add_bucket(TABLE_SOURCE_BUCKETS + 1, 2 * kGlobalUnicastStart, kLast);
    return std::move(index_);
  }

 private:
  // The bucket of all addresses whose first halves are in [first, last]. Calls ascend, and `at_` with them.
  void add_bucket(std::uint32_t number, std::uint64_t first, std::uint64_t last) {
    while (next_starts_by(first, 0)) ++at_;
    const std::uint32_t covers_first = at_;
    while (next_starts_by(last, kLast)) ++at_;
    const std::uint32_t begin_here = at_ - covers_first;
    table_bucket& bucket = index_.buckets[number];
    if (begin_here == 0) {
      bucket = {.first = sources_[at_].word, .how = BUCKET_ONE};
    } else if (number >= TABLE_SOURCE_BUCKETS || begin_here < kFewRanges || !cut(bucket, covers_first)) {
      bucket = {.first = covers_first, .how = BUCKET_SEARCH + begin_here};
    }
  }

  bool next_starts_by(std::uint64_t hi, std::uint64_t lo) const {
    if (at_ + 1 >= sources_.size()) return false;
    const table_source& next = sources_[at_ + 1];
    return std::tie(next.hi, next.lo) <= std::tie(hi, lo);
  }

  // Into blocks and parts; false: there is no room for them.
  bool cut(table_bucket& bucket, std::uint32_t covers_first) {
    const std::vector<Start> starts = starts_of(covers_first);
    const std::size_t blocks = (starts.size() + TABLE_BLOCK_STARTS - 1) / TABLE_BLOCK_STARTS;
    const std::size_t parts = std::bit_ceil(blocks);
    if (index_.blocks.size() + blocks > most_blocks_ || index_.parts.size() + parts > most_parts_) return false;
    const auto first_block = static_cast<std::uint32_t>(index_.blocks.size());
    bucket.first = static_cast<std::uint32_t>(index_.parts.size());
    bucket.how = static_cast<std::uint32_t>(32 - std::bit_width(parts - 1));
    add_blocks(starts);
    const auto block_of = [&](std::uint64_t start) {
      const auto after = std::ranges::upper_bound(starts, start, {}, &Start::start);
      return first_block + static_cast<std::uint32_t>(after - starts.begin() - 1) / TABLE_BLOCK_STARTS;
    };
    for (std::uint64_t part = 0; part < parts; ++part) {
      index_.parts.push_back({.first = block_of(part << bucket.how), .last = block_of(((part + 1) << bucket.how) - 1)});
    }
    return true;
  }

  // Of the ranges up to `at_`. A range that does not begin where a start does makes its start finer than these tell.
  std::vector<Start> starts_of(std::uint32_t covers_first) const {
    std::vector<Start> starts{{.start = 0, .word = sources_[covers_first].word}};
    const auto from = [&starts](std::uint32_t start, std::uint32_t word) {
      if (starts.back().start == start) {
        starts.back().word = word;
      } else {
        starts.push_back({.start = start, .word = word});
      }
    };
    for (std::uint32_t i = covers_first + 1; i <= at_; ++i) {
      const table_source& range = sources_[i];
      const std::uint32_t start = source_start(range.hi);
      const bool begins_there = (range.hi & kBelowStart) == 0 && range.lo == 0;
      if (begins_there) {
        from(start, range.word);
      } else {
        // What was last said of the start behind this one was of a range that is finer, too.
        if (starts.back().start <= start) from(start, TABLE_FINER);
        if (start != kLastStart) from(start + 1, range.word);
      }
    }
    return starts;
  }

  void add_blocks(const std::vector<Start>& starts) {
    for (std::size_t i = 0; i < starts.size(); i += TABLE_BLOCK_STARTS) {
      table_block& block = index_.blocks.emplace_back();
      for (std::size_t way = 0; way < TABLE_BLOCK_STARTS; ++way) {
        const bool is_used = i + way < starts.size();
        block.start[way] = is_used ? starts[i + way].start : kLastStart;
        block.word[way] = is_used ? starts[i + way].word : starts.back().word;
      }
    }
  }

  const std::vector<table_source>& sources_;
  std::size_t most_parts_, most_blocks_;
  SourceIndex index_{};
  std::uint32_t at_ = 0;  // the last range known to begin before what comes next
};

}  // namespace

SourceIndex make_source_index(const std::vector<table_source>& sources, std::size_t most_parts,
                              std::size_t most_blocks) {
  return IndexBuilder(sources, most_parts, most_blocks).build();
}

}  // namespace sextant::datapath
