// How the programs find the class of a source with two or three reads of memory, however many ranges there are: the
// buckets, parts and blocks of bpf/tables.h, made of the ranges in their order.
//
// A block is a line of the cache with eight starts and what each of them means, so that of 200,000 ranges 1.6 MB are
// read by packets from anywhere, which stays in a processor's own cache; the ranges themselves, 4.8 MB, are searched
// only where several of them lie in one /51.
// Thread: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "bpf/tables.h"

namespace sextant::datapath {

struct SourceIndex {
  std::vector<table_bucket> buckets{};  // TABLE_SOURCE_INDEX
  std::vector<table_part> parts{};
  std::vector<table_block> blocks{};
};

// A bucket for which there is no room in `most_parts` or `most_blocks` is searched for among the ranges, as are buckets
// of few ranges; the answer is the same.
SourceIndex make_source_index(const std::vector<table_source>& sources, std::size_t most_parts,
                              std::size_t most_blocks);

}  // namespace sextant::datapath
