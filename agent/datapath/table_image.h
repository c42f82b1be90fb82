// The verdict tables of one intent as they will lie in a bank, computed without the kernel (layouts: bpf/tables.h).
//
// What does not fit is left out so that it reads as unknown, and named in `left_out`. IPv4 addresses of endpoints are
// not in the tables: the programs look at IPv6 only.
// Thread: pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/datapath/roster.h"
#include "agent/datapath/source_index.h"
#include "agent/model/intent.h"
#include "bpf/tables.h"

namespace sextant::datapath {

struct TableLimits {
  std::uint32_t endpoints = 0;      // addresses; also policies, of which each endpoint has one
  std::uint32_t source_ranges = 0;  // at most 2^TABLE_SOURCE_STEPS
  std::uint32_t cells = 0;
  std::uint32_t port_ranges = 0;  // at most 2^TABLE_RANGE_STEPS

  // What is enough for prefixes that lie close together; others are few to a bucket, and are searched for.
  std::uint32_t source_parts() const { return source_ranges / 4 + 1; }
  std::uint32_t source_blocks() const { return source_ranges / 6 + 1; }
};

struct TableImage {
  std::uint64_t seed = 0;
  std::vector<table_endpoints> endpoints{};  // buckets: a power of two, as cells
  std::vector<table_source> sources{};
  SourceIndex index{};
  std::vector<table_cells> cells{};
  std::vector<table_policy> policies{};
  std::vector<table_range> ranges{};
  std::array<std::uint64_t, TABLE_FILTER_WORDS> filter{};
  std::vector<std::string> left_out{};  // "address 2001:db8::1 of shop/db"
};

// Buckets that hold `entries` with every second way free, as a cuckoo table needs.
std::uint32_t cuckoo_buckets(std::uint32_t entries);

// `seed` must not be known to senders of packets. Endpoints that have no seat are left out.
TableImage make_table_image(const KernelIntent& intent, const Roster& roster, const TableLimits& limits,
                            std::uint64_t seed);

}  // namespace sextant::datapath
