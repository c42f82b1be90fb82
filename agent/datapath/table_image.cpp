#include "agent/datapath/table_image.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "agent/datapath/cuckoo.h"
#include "agent/datapath/source_index.h"

namespace sextant::datapath {
namespace {

static_assert(VERDICT_UNKNOWN == static_cast<int>(Verdict::kUnknown));
static_assert(VERDICT_DENY == static_cast<int>(Verdict::kDeny));
static_assert(VERDICT_ALLOW == static_cast<int>(Verdict::kAllow));
static_assert(VERDICT_REDIRECT == static_cast<int>(Verdict::kRedirect));
static_assert(VERDICT_AUTH == static_cast<int>(Verdict::kAuth));
static_assert(VERDICT_COUNT == static_cast<int>(Verdict::kAuth) + 1);
static_assert(PROTOCOL_ANY == static_cast<int>(Protocol::kAny));

constexpr std::uint32_t kLastPort = 65535;
constexpr int kSeeds = 8;  // a cuckoo table that cannot be filled with one seed is tried with the next

struct EndpointTraits {
  using Entry = table_endpoint;
  using Bucket = table_endpoints;
  static bool is_free(const Entry& entry) { return entry.id == 0; }
  static std::uint64_t hash(const Entry& entry, std::uint64_t seed) { return hash_pair(entry.hi, entry.lo, seed); }
};

struct CellTraits {
  using Entry = table_cell;
  using Bucket = table_cells;
  static bool is_free(const Entry& entry) { return entry.class_id == TABLE_NO_CLASS; }
  static std::uint64_t hash(const Entry& entry, std::uint64_t seed) {
    return hash_pair(entry.policy, entry.class_id, seed);
  }
};

table_cells empty_cells() {
  table_cells bucket{};
  for (table_cell& cell : bucket.ways) cell.class_id = TABLE_NO_CLASS;
  return bucket;
}

class ImageBuilder {
 public:
  ImageBuilder(const KernelIntent& intent, const Roster& roster, const TableLimits& limits)
      : intent_(intent), roster_(roster), limits_(limits), port_maps_(intent.port_maps.size()) {}

  TableImage build(std::uint64_t seed) {
    add_endpoints();
    add_policies();
    add_sources();
    image_.index = make_source_index(image_.sources, limits_.source_parts(), limits_.source_blocks());
    for (int tries = 1; !place(seed, tries == kSeeds); ++tries) ++seed;
    image_.seed = seed;
    add_filter();
    return std::move(image_);
  }

 private:
  void leave_out(std::string what) { image_.left_out.push_back(std::move(what)); }

  void add_endpoints() {
    std::map<IpAddress, const KernelEndpoint*> holders;
    for (const KernelEndpoint& endpoint : intent_.endpoints) {
      const Seat* seat = roster_.find(endpoint.endpoint);
      if (seat == nullptr) continue;  // the roster's owner names it
      for (const IpAddress& address : endpoint.addresses) {
        if (address.is_v4()) continue;
        const std::string name = "address " + address.to_string() + " of " + endpoint.endpoint.to_string();
        const auto [holder, is_new] = holders.emplace(address, &endpoint);
        if (!is_new) {
          if (holder->second != &endpoint)
            leave_out(name + ", which " + holder->second->endpoint.to_string() + " holds");
        } else if (entries_.size() == limits_.endpoints) {
          leave_out(name);
        } else {
          entries_.push_back({.hi = address.high(),
                              .lo = address.low(),
                              .id = seat->id,
                              .policy = policy_number(endpoint.policy),
                              .slot = seat->slot,
                              .pad = {}});
        }
      }
    }
  }

  // The tables' number of one of the intent's policies; only those that are used get one.
  std::uint32_t policy_number(std::uint32_t policy) {
    const auto [it, is_new] = numbers_.emplace(policy, static_cast<std::uint32_t>(used_.size()));
    if (is_new) used_.push_back(policy);
    return it->second;
  }

  void add_policies() {
    for (std::uint32_t number = 0; number < used_.size(); ++number) {
      table_policy& policy = image_.policies.emplace_back();
      if (used_[number] >= intent_.policies.size()) {
        leave_out("policy " + std::to_string(used_[number]) + ", which the intent does not hold");
        continue;
      }
      const KernelPolicy& intended = intent_.policies[used_[number]];
      policy.ports = port_map(intended.default_port_map);
      for (const auto& [source, ports] : intended.port_map_of_class) {
        if (ports == intended.default_port_map) continue;
        cells_.push_back({.policy = number, .class_id = source, .ports = port_map(ports)});
      }
    }
    if (cells_.size() <= limits_.cells) return;
    for (std::size_t i = limits_.cells; i < cells_.size(); ++i) lose_cell(cells_[i]);
    cells_.resize(limits_.cells);
  }

  // A cell that is missing must not read as its policy's default: that becomes unknown.
  void lose_cell(const table_cell& cell) {
    image_.policies[cell.policy].ports = {};
    leave_out("class " + class_name(cell.class_id) + " of " + user_of(cell.policy));
  }

  std::string class_name(ClassId id) const {
    for (const auto& source : intent_.classes) {
      if (source->id == id) return source->name;
    }
    return std::to_string(id);
  }

  // An endpoint that has the policy.
  std::string user_of(std::uint32_t number) const {
    for (const KernelEndpoint& endpoint : intent_.endpoints) {
      if (endpoint.policy == used_[number]) return endpoint.endpoint.to_string();
    }
    return "policy " + std::to_string(used_[number]);
  }

  table_port_map port_map(std::uint32_t number) {
    if (number >= intent_.port_maps.size()) {
      if (unheld_.insert(number).second)
        leave_out("port map " + std::to_string(number) + ", which the intent does not hold");
      return {};
    }
    std::optional<table_port_map>& known = port_maps_[number];
    if (known) return *known;
    known.emplace();
    const std::size_t first = image_.ranges.size();
    add_ranges(intent_.port_maps[number]);
    if (image_.ranges.size() > limits_.port_ranges) {
      leave_out("port map " + std::to_string(number) + " of " + std::to_string(image_.ranges.size() - first) +
                " ranges");
      image_.ranges.resize(first);
      return *known;
    }
    known = {.first = static_cast<std::uint32_t>(first),
             .count = static_cast<std::uint32_t>(image_.ranges.size() - first)};
    return *known;
  }

  // Ports that no range names are unknown.
  void add_ranges(const PortMap& ports) {
    std::uint32_t next = 0;  // the first port of the protocol that has no range yet
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const KernelRange& range = ports[i];
      if (i == 0 || ports[i - 1].protocol != range.protocol) next = 0;
      if (range.first_port > next) add_range(range.protocol, next, Verdict::kUnknown);
      add_range(range.protocol, range.first_port, range.verdict);
      next = range.last_port + 1U;
      const bool is_last = i + 1 == ports.size() || ports[i + 1].protocol != range.protocol;
      if (is_last && next <= kLastPort) add_range(range.protocol, next, Verdict::kUnknown);
    }
  }

  void add_range(Protocol protocol, std::uint32_t port, Verdict verdict) {
    image_.ranges.push_back({.start = range_key(static_cast<std::uint8_t>(protocol), static_cast<std::uint16_t>(port)),
                             .verdict = static_cast<std::uint8_t>(verdict),
                             .pad = {}});
  }

  void add_sources() {
    std::map<ClassId, bool> is_public;
    for (const auto& source : intent_.classes) {
      if (source->id < TABLE_CLASS_IDS) is_public.emplace(source->id, source->is_public);
    }
    if (intent_.sources.empty() || intent_.sources.front().first != IpAddress{})
      add_source(IpAddress{}, std::nullopt, false);
    for (const SourceRange& range : intent_.sources) {
      if (image_.sources.size() + 1 == limits_.source_ranges && &range != &intent_.sources.back()) {
        add_source(range.first, std::nullopt, false);
        leave_out("sources from " + range.first.to_string() + " on");
        return;
      }
      const auto known = is_public.find(range.source);
      if (known == is_public.end()) {
        leave_out("class " + std::to_string(range.source) + ", which the intent does not hold");
        add_source(range.first, std::nullopt, false);
      } else {
        add_source(range.first, range.source, known->second);
      }
    }
  }

  void add_source(const IpAddress& first, std::optional<ClassId> source, bool is_public) {
    const std::uint32_t word = source ? *source | (is_public ? TABLE_PUBLIC : 0) : TABLE_NO_CLASS;
    if (!image_.sources.empty() && image_.sources.back().word == word) return;
    image_.sources.push_back({.hi = first.high(), .lo = first.low(), .word = word, .pad = 0});
  }

  void add_filter() {
    for (const table_endpoint& entry : entries_) {
      const std::uint32_t bit = filter_bit(entry.hi, entry.lo, image_.seed);
      image_.filter[bit / 64] |= 1ULL << bit % 64;
    }
  }

  // Fills the hash tables. With `leave_out_rest`, what finds no place is left out; else false says so.
  bool place(std::uint64_t seed, bool leave_out_rest) {
    CuckooTable<EndpointTraits> endpoints(cuckoo_buckets(static_cast<std::uint32_t>(entries_.size())), {}, seed);
    CuckooTable<CellTraits> cells(cuckoo_buckets(static_cast<std::uint32_t>(cells_.size())), empty_cells(), seed);
    for (table_endpoint entry : entries_) {
      if (endpoints.insert(entry)) continue;
      if (!leave_out_rest) return false;
      leave_out("address " + IpAddress::from_halves(entry.hi, entry.lo).to_string());
    }
    for (table_cell cell : cells_) {
      if (cells.insert(cell)) continue;
      if (!leave_out_rest) return false;
      lose_cell(cell);
    }
    image_.endpoints = std::move(endpoints).take();
    image_.cells = std::move(cells).take();
    return true;
  }

  const KernelIntent& intent_;
  const Roster& roster_;
  const TableLimits& limits_;
  TableImage image_{};
  std::vector<table_endpoint> entries_{};
  std::vector<table_cell> cells_{};
  std::vector<std::uint32_t> used_{};  // the intent's policies, by the tables' number
  std::map<std::uint32_t, std::uint32_t> numbers_{};
  std::vector<std::optional<table_port_map>> port_maps_;  // by the intent's number; nullopt: not asked for yet
  std::set<std::uint32_t> unheld_{};
};

}  // namespace

std::uint32_t cuckoo_buckets(std::uint32_t entries) {
  return std::bit_ceil(std::max<std::uint32_t>(1, (entries + TABLE_WAYS / 2 - 1) / (TABLE_WAYS / 2)));
}

TableImage make_table_image(const KernelIntent& intent, const Roster& roster, const TableLimits& limits,
                            std::uint64_t seed) {
  return ImageBuilder(intent, roster, limits).build(seed);
}

}  // namespace sextant::datapath
