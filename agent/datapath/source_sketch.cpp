#include "agent/datapath/source_sketch.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/datapath/mapped_array.h"

namespace sextant::datapath {
namespace {

constexpr std::uint8_t kLengths[SKETCH_TABLES] = {48, 64};

// What a set can have forgotten of any key that it does not hold.
std::uint64_t forgotten(const sketch_set& set) {
  const auto least = std::ranges::min_element(set.ways, {}, &sketch_way::count);
  return least->key == 0 ? 0 : least->count;
}

using Found = std::map<std::pair<std::uint64_t, std::uint64_t>, HeavySource>;

// Adds the same set of every CPU.
void merge_set(std::span<const sketch_set> sets, std::size_t set, std::vector<HeavySource>& out) {
  Found found;
  std::uint64_t all_forgotten = 0;
  for (std::size_t at = set; at < sets.size(); at += SKETCH_SETS) all_forgotten += forgotten(sets[at]);
  for (std::size_t at = set; at < sets.size(); at += SKETCH_SETS) {
    const std::uint64_t here = forgotten(sets[at]);
    for (const sketch_way& way : sets[at].ways) {
      if (way.key == 0) continue;
      const auto [it, is_new] = found.try_emplace({way.prefix, way.key});
      HeavySource& source = it->second;
      if (is_new) source = {.prefix = way.prefix, .key = way.key, .estimate = all_forgotten, .error = all_forgotten};
      source.estimate += way.count - here;
      source.error = source.error - here + way.error;
    }
  }
  for (const auto& [key, source] : found) out.push_back(source);
}

SourceCount to_count(const HeavySource& source, std::uint8_t length, const EndpointRef& endpoint) {
  return {.prefix = Prefix::masked(IpAddress::from_halves(source.prefix, 0), length),
          .endpoint = endpoint,
          .protocol = static_cast<Protocol>(source.key >> 8U & 0xffU),
          .port = static_cast<std::uint16_t>(source.key >> 16U),
          .verdict = static_cast<Verdict>(source.key & 0xffU),
          .estimate = source.estimate,
          .error = source.error};
}

}  // namespace

std::vector<HeavySource> merge_sketch(std::span<const sketch_set> sets) {
  std::vector<HeavySource> sources;
  for (std::size_t set = 0; set < SKETCH_SETS; ++set) merge_set(sets, set, sources);
  std::ranges::sort(sources, std::ranges::greater{}, &HeavySource::estimate);
  return sources;
}

bool is_told(const HeavySource& source) { return source.estimate >= 2 * source.error; }

Result<std::vector<SourceCount>> SourceSketch::list(const Roster& roster) const {
  std::vector<SourceCount> counts;
  const std::size_t table_sets = std::size_t{cpus_} * SKETCH_SETS;
  for (std::uint32_t table = 0; table < SKETCH_TABLES; ++table) {
    auto window = MappedArray<sketch_set>::map(map_, table * table_sets, table_sets, false);
    if (!window) return because("read the sources", std::move(window.error()));
    std::size_t told = 0;
    for (const HeavySource& source : merge_sketch(window->elements())) {
      const EndpointRef* endpoint = roster.find(static_cast<std::uint32_t>(source.key >> 32U));
      if (endpoint == nullptr || !is_told(source)) continue;
      counts.push_back(to_count(source, kLengths[table], *endpoint));
      if (++told == kHeaviest) break;
    }
  }
  return counts;
}

}  // namespace sextant::datapath
