#include "agent/datapath/tables.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include <bpf/libbpf.h>

#include "agent/datapath/map_use.h"
#include "agent/datapath/mapped_array.h"
#include "agent/datapath/shared_maps.h"
#include "bpf/tables.h"
#include "tables.skel.h"

namespace sextant::datapath {
namespace {

constexpr std::uint32_t kMaxEndpoints = 32'767;  // slots are 16 bits wide

Result<> check(const Sizes& sizes) {
  if (sizes.endpoints == 0 || sizes.endpoints > kMaxEndpoints) return failure("endpoints must be 1 to 32767");
  if (sizes.source_ranges < 2 || sizes.source_ranges > 1U << TABLE_SOURCE_STEPS) {
    return failure("source_ranges must be 2 to 1048576");
  }
  if (sizes.cells == 0 || sizes.cells > 1U << 22U) return failure("cells must be 1 to 4194304");
  if (sizes.port_ranges < 2 || sizes.port_ranges > 1U << TABLE_RANGE_STEPS) {
    return failure("port_ranges must be 2 to 131072");
  }
  return {};
}

TableLimits limits_of(const Sizes& sizes) {
  return {.endpoints = sizes.endpoints,
          .source_ranges = sizes.source_ranges,
          .cells = sizes.cells,
          .port_ranges = sizes.port_ranges};
}

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

std::uint32_t per_bank(const bpf_map* map) { return bpf_map__max_entries(map) / TABLE_BANKS; }

// Makes the first elements of a bank `wanted`, and touches only those that differ.
template <class Element>
Result<> write_table(const bpf_map* map, std::uint32_t bank, const std::vector<Element>& wanted) {
  auto window = MappedArray<Element>::map(bpf_map__fd(map), std::uint64_t{bank} * per_bank(map), wanted.size(), true);
  if (!window) return because(std::string("write table ") + bpf_map__name(map), std::move(window.error()));
  const std::span<Element> present = window->elements();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::memcmp(&present[i], &wanted[i], sizeof(Element)) != 0) present[i] = wanted[i];
  }
  return {};
}

std::size_t count_used(const std::vector<table_endpoints>& buckets) {
  std::size_t used = 0;
  for (const auto& bucket : buckets)
    used += std::ranges::count_if(bucket.ways, [](const auto& way) { return way.id != 0; });
  return used;
}

std::size_t count_used(const std::vector<table_cells>& buckets) {
  std::size_t used = 0;
  for (const auto& bucket : buckets) {
    used += std::ranges::count_if(bucket.ways, [](const auto& way) { return way.class_id != TABLE_NO_CLASS; });
  }
  return used;
}

}  // namespace

void free_tables(tables_bpf* skeleton) noexcept { tables_bpf::destroy(skeleton); }

Tables::Tables(Skeleton skeleton, Readers readers, const Sizes& sizes, std::uint64_t seed)
    : skeleton_(std::move(skeleton)),
      readers_(std::move(readers)),
      limits_(limits_of(sizes)),
      roster_(static_cast<std::uint16_t>(sizes.endpoints)),
      seed_(seed) {}

Result<Tables> Tables::create(const Sizes& sizes) {
  if (auto fits = check(sizes); !fits) return because("make the verdict tables", std::move(fits.error()));
  auto readers = Readers::create();
  if (!readers) return because("make the verdict tables", std::move(readers.error()));
  Skeleton skeleton(tables_bpf::open(nullptr));
  if (!skeleton) return errno_failure("open the verdict tables", errno);
  const auto& maps = skeleton->maps;
  const TableLimits limits = limits_of(sizes);
  bpf_map__set_max_entries(maps.endpoints, TABLE_BANKS * cuckoo_buckets(sizes.endpoints));
  bpf_map__set_max_entries(maps.sources, TABLE_BANKS * sizes.source_ranges);
  bpf_map__set_max_entries(maps.source_parts, TABLE_BANKS * limits.source_parts());
  bpf_map__set_max_entries(maps.source_blocks, TABLE_BANKS * limits.source_blocks());
  bpf_map__set_max_entries(maps.cells, TABLE_BANKS * cuckoo_buckets(sizes.cells));
  bpf_map__set_max_entries(maps.policies, TABLE_BANKS * sizes.endpoints);
  bpf_map__set_max_entries(maps.ranges, TABLE_BANKS * sizes.port_ranges);
  if (const int err = tables_bpf::load(skeleton.get()); err != 0) return errno_failure("make the verdict tables", err);
  return Tables(std::move(skeleton), std::move(*readers), sizes, random_seed());
}

Result<> Tables::lend_to(bpf_object& object) const {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton_->obj) {
    if (auto lent = lend_map(object, bpf_map__name(map), bpf_map__fd(map)); !lent) return lent;
  }
  return {};
}

Result<std::vector<std::string>> Tables::set_intent(const KernelIntent& intent, const Farewell& farewell) {
  constexpr std::string_view kDoing = "put the intent into the kernel";
  if (auto waited = readers_.wait(); !waited) return because(kDoing, std::move(waited.error()));
  farewell(roster_.departed());
  roster_.release();
  std::vector<EndpointRef> endpoints;
  for (const KernelEndpoint& endpoint : intent.endpoints) endpoints.push_back(endpoint.endpoint);
  const std::vector<EndpointRef> unseated = roster_.assign(endpoints);
  TableImage image = make_table_image(intent, roster_, limits_, seed_);
  for (const EndpointRef& endpoint : unseated) image.left_out.push_back("endpoint " + endpoint.to_string());

  if (auto wrote = write_bank(image, (generation_ + 1) % TABLE_BANKS); !wrote) {
    return because(kDoing, std::move(wrote.error()));
  }
  put_in_force();
  readers_.begin();
  return std::move(image.left_out);
}

Result<> Tables::write_bank(const TableImage& image, std::uint32_t bank) {
  const auto& maps = skeleton_->maps;
  if (auto done = write_table(maps.endpoints, bank, image.endpoints); !done) return done;
  if (auto done = write_table(maps.sources, bank, image.sources); !done) return done;
  if (auto done = write_table(maps.source_index, bank, image.index.buckets); !done) return done;
  if (auto done = write_table(maps.source_parts, bank, image.index.parts); !done) return done;
  if (auto done = write_table(maps.source_blocks, bank, image.index.blocks); !done) return done;
  if (auto done = write_table(maps.cells, bank, image.cells); !done) return done;
  if (auto done = write_table(maps.policies, bank, image.policies); !done) return done;
  if (auto done = write_table(maps.ranges, bank, image.ranges); !done) return done;
  const auto mask = [](std::size_t buckets) { return static_cast<std::uint32_t>(buckets - 1); };
  table_head head{.seed = image.seed,
                  .endpoint_base = bank * per_bank(maps.endpoints),
                  .endpoint_mask = mask(image.endpoints.size()),
                  .source_base = bank * per_bank(maps.sources),
                  .index_base = bank * per_bank(maps.source_index),
                  .cell_base = bank * per_bank(maps.cells),
                  .cell_mask = mask(image.cells.size()),
                  .policy_base = bank * per_bank(maps.policies),
                  .policy_count = static_cast<std::uint32_t>(image.policies.size()),
                  .range_base = bank * per_bank(maps.ranges),
                  .source_count = static_cast<std::uint32_t>(image.sources.size()),
                  .part_base = bank * per_bank(maps.source_parts),
                  .block_base = bank * per_bank(maps.source_blocks),
                  .pad = 0,
                  .filter = {}};
  std::ranges::copy(image.filter, head.filter);
  fill_ = {.endpoints = count_used(image.endpoints),
           .sources = image.sources.size(),
           .parts = image.index.parts.size(),
           .blocks = image.index.blocks.size(),
           .cells = count_used(image.cells),
           .policies = image.policies.size(),
           .ranges = image.ranges.size()};
  front().heads[bank] = head;
  return {};
}

table_front& Tables::front() { return skeleton_->data_verdicts->front; }

void Tables::put_in_force() {
  const std::uint64_t next = ++generation_;
  // Release: whoever reads the new generation reads the bank that was written for it.
  std::atomic_ref(front().generation).store(next, std::memory_order_release);
}

Result<> Tables::set_uplinks(std::span<const UplinkSlot> uplinks) {
  std::array<table_uplink, TABLE_UPLINKS> table{};
  for (const UplinkSlot& uplink : uplinks) {
    std::uint32_t probe = 0;
    const auto way = [&] { return (uplink.ifindex + probe) % TABLE_UPLINKS; };
    while (probe < TABLE_UPLINK_PROBES && table[way()].ifindex != 0) ++probe;
    if (probe == TABLE_UPLINK_PROBES) return failure("too many uplinks", ENOSPC);
    table[way()] = {.ifindex = uplink.ifindex, .slot = uplink.slot};
  }
  uplinks_ = uplinks.size();
  std::ranges::copy(table, front().uplinks);
  return {};
}

std::vector<Datapath::MapUse> Tables::use() const {
  const auto& maps = skeleton_->maps;
  const auto table = [](const bpf_map* map, std::size_t entries, std::uint64_t capacity) {
    Datapath::MapUse use = map_use(bpf_map__name(map), bpf_map__fd(map));
    use.entries = entries;
    use.capacity = capacity;
    return use;
  };
  return {table(maps.endpoints, fill_.endpoints, limits_.endpoints),
          table(maps.sources, fill_.sources, limits_.source_ranges),
          table(maps.source_index, fill_.sources == 0 ? 0 : TABLE_SOURCE_INDEX, TABLE_SOURCE_INDEX),
          table(maps.source_parts, fill_.parts, limits_.source_parts()),
          table(maps.source_blocks, fill_.blocks, limits_.source_blocks()),
          table(maps.cells, fill_.cells, limits_.cells),
          table(maps.policies, fill_.policies, limits_.endpoints),
          table(maps.ranges, fill_.ranges, limits_.port_ranges),
          table(maps.data_verdicts, uplinks_, TABLE_UPLINKS)};
}

}  // namespace sextant::datapath
