#include "agent/policy/compile.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace sextant::policy {
namespace {

PortMap port_map_of(const IntentRow& row) {
  PortMap map;
  for (const IntentCell& cell : row.cells) {
    const bool joins = !map.empty() && map.back().protocol == cell.protocol && map.back().verdict == cell.verdict;
    if (joins) {
      map.back().last_port = cell.last_port;
    } else {
      map.push_back({.protocol = cell.protocol,
                     .first_port = cell.first_port,
                     .last_port = cell.last_port,
                     .verdict = cell.verdict});
    }
  }
  return map;
}

// The map that most classes have: those need no entry of their own. `limit`: more than any of them.
std::uint32_t most_frequent(const std::vector<std::uint32_t>& maps, std::size_t limit) {
  std::vector<std::uint32_t> counts(limit);
  for (const std::uint32_t map : maps) ++counts[map];
  return static_cast<std::uint32_t>(std::ranges::max_element(counts) - counts.begin());
}

}  // namespace

void KernelCompiler::forget() {
  by_rows_.clear();
  policies_.clear();
  policy_ids_.clear();
  map_ids_.clear();
  port_maps_.clear();
}

void KernelCompiler::begin(const Classes& classes) {
  constexpr std::size_t kFew = 64;
  std::vector<ClassId> ids;
  for (const Classes::Member& member : classes.members()) {
    result_.classes.push_back(member.source);
    ids.push_back(member.source->id);
  }
  std::set<std::uint32_t> used;
  for (const auto& [rows, known] : by_rows_) used.insert(known.policy);
  if (ids != classes_ || policies_.size() > 2 * used.size() + kFew) forget();
  classes_ = std::move(ids);
  by_id_.resize(classes_.size());
  std::iota(by_id_.begin(), by_id_.end(), 0U);
  std::ranges::sort(by_id_, {}, [&](std::uint32_t i) { return classes_[i]; });
  result_.sources = classes.ranges();
  by_cells_.clear();
}

std::uint32_t KernelCompiler::map_of(const IntentRow& row) {
  const auto [known, added] = by_cells_.try_emplace(row.cells.identity(), 0);
  if (!added) return known->second;
  const auto [at, is_new] = map_ids_.try_emplace(port_map_of(row), static_cast<std::uint32_t>(port_maps_.size()));
  if (is_new) port_maps_.push_back(at->first);
  return known->second = at->second;
}

KernelPolicy KernelCompiler::make_policy(const Maps& maps) const {
  KernelPolicy policy{.default_port_map = most_frequent(maps, port_maps_.size())};
  policy.port_map_of_class.reserve(maps.size() - std::ranges::count(maps, policy.default_port_map));
  for (const std::uint32_t i : by_id_) {
    if (maps[i] != policy.default_port_map) policy.port_map_of_class.set(classes_[i], maps[i]);
  }
  return policy;
}

// Rows are of all classes, in their order.
std::uint32_t KernelCompiler::policy_of(const SharedRows& rows) {
  const auto [known, added] = by_rows_.try_emplace(rows.identity());
  if (!added) return known->second.policy;
  Maps maps;
  maps.reserve(rows.size());
  const IntentRow* before = nullptr;
  for (const IntentRow& row : rows) {  // neighbours are mostly alike
    maps.push_back(before != nullptr && before->cells.shares_with(row.cells) ? maps.back() : map_of(row));
    before = &row;
  }
  const auto [at, is_new] = policy_ids_.try_emplace(std::move(maps), static_cast<std::uint32_t>(policies_.size()));
  if (is_new) policies_.push_back(&at->first);
  known->second = {.rows = rows, .policy = at->second};
  return at->second;
}

void KernelCompiler::add(const EndpointIntent& intent, std::vector<IpAddress> addresses) {
  result_.endpoints.push_back(
      {.endpoint = intent.endpoint, .addresses = std::move(addresses), .policy = policy_of(intent.rows)});
}

KernelIntent KernelCompiler::take() {
  result_.policies.reserve(policies_.size());
  for (const Maps* maps : policies_) result_.policies.push_back(make_policy(*maps));
  result_.port_maps = port_maps_;
  return std::exchange(result_, {});
}

KernelIntent KernelCompiler::compile(const Engine& engine, const World& world, const Classes& classes) {
  begin(classes);
  std::unordered_map<const void*, Known> in_use;
  const auto add_endpoint = [&](const std::shared_ptr<const EndpointIntent>& intent, std::vector<IpAddress> addresses) {
    if (intent == nullptr) return;
    add(*intent, std::move(addresses));
    in_use.try_emplace(intent->rows.identity(), by_rows_.at(intent->rows.identity()));
  };
  for (const auto& [key, pod] : world.pods()) {
    if (!world.is_local(pod) || pod.host_network || pod.finished || pod.addresses.empty()) continue;
    add_endpoint(engine.intent({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name}), pod.addresses);
  }
  add_endpoint(engine.intent({.kind = EndpointKind::kNode, .name = world.local_node()}), world.local_addresses());
  by_rows_ = std::move(in_use);
  return take();
}

}  // namespace sextant::policy
