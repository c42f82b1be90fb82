#include "agent/policy/compile.h"

#include <algorithm>
#include <set>

namespace sextant::policy {
namespace {

PortMap ranges_of(const SharedCells& cells) {
  PortMap map;
  for (const IntentCell& cell : cells) {
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

}  // namespace

void KernelCompiler::forget() {
  policy_of_rows_.clear();
  port_maps_of_cells_.clear();
  policies_.clear();
  policy_ids_.clear();
  port_map_ids_.clear();
  port_maps_.clear();
}

void KernelCompiler::begin(const Classes& classes) {
  constexpr std::size_t kFew = 64;
  std::set<std::uint32_t> used;
  policy_of_rows_.for_each([&](std::uint32_t policy) { used.insert(policy); });
  if (policies_.size() > 2 * used.size() + kFew) forget();
  policy_of_rows_.begin();
  port_maps_of_cells_.begin();
  result_.classes.assign(classes.sources()->begin(), classes.sources()->end());
  result_.sources = classes.ranges();
}

std::uint32_t KernelCompiler::port_map_of(const SharedCells& cells) {
  const auto [at, is_new] = port_map_ids_.try_emplace(ranges_of(cells), static_cast<std::uint32_t>(port_maps_.size()));
  if (is_new) port_maps_.push_back(at->first);
  return at->second;
}

// The port map that most classes have is the default: those need no entry of their own.
KernelPolicy KernelCompiler::make_policy(const IntentRows& rows) {
  const std::vector<std::uint32_t>& maps = port_maps_of_cells_.of(rows.cells(), [&](const CellLists& lists) {
    std::vector<std::uint32_t> made;
    for (const SharedCells& cells : lists) made.push_back(port_map_of(cells));
    return made;
  });
  std::vector<std::uint32_t> classes_with(port_maps_.size());
  for (const std::uint32_t cells : rows.cells_of()) ++classes_with[maps[cells]];
  const auto most = std::ranges::max_element(classes_with);
  KernelPolicy policy{.default_port_map = static_cast<std::uint32_t>(most - classes_with.begin())};
  policy.port_map_of_class.reserve(rows.size() - *most);
  for (const std::uint32_t at : rows.classes()->by_id()) {
    const std::uint32_t map = maps[rows.cells_of()[at]];
    if (map != policy.default_port_map) policy.port_map_of_class.set((*rows.classes())[at]->id, map);
  }
  return policy;
}

std::uint32_t KernelCompiler::policy_of(const IntentRows& rows) {
  return policy_of_rows_.of(rows, [&](const IntentRows& unknown) {
    const auto [at, is_new] =
        policy_ids_.try_emplace(make_policy(unknown), static_cast<std::uint32_t>(policies_.size()));
    if (is_new) policies_.push_back(&at->first);
    return at->second;
  });
}

void KernelCompiler::add(const EndpointIntent& intent, std::vector<IpAddress> addresses) {
  result_.endpoints.push_back(
      {.endpoint = intent.endpoint, .addresses = std::move(addresses), .policy = policy_of(intent.rows)});
}

KernelIntent KernelCompiler::take() {
  result_.policies.reserve(policies_.size());
  for (const KernelPolicy* policy : policies_) result_.policies.push_back(*policy);
  result_.port_maps = port_maps_;
  return std::exchange(result_, {});
}

KernelIntent KernelCompiler::compile(const Engine& engine, const World& world, const Classes& classes) {
  begin(classes);
  const auto add_endpoint = [&](const std::shared_ptr<const EndpointIntent>& intent, std::vector<IpAddress> addresses) {
    if (intent != nullptr) add(*intent, std::move(addresses));
  };
  for (const auto& [key, pod] : world.pods()) {
    if (!world.is_local(pod) || pod.host_network || pod.finished || pod.addresses.empty()) continue;
    add_endpoint(engine.intent({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name}), pod.addresses);
  }
  add_endpoint(engine.intent({.kind = EndpointKind::kNode, .name = world.local_node()}), world.local_addresses());
  return take();
}

}  // namespace sextant::policy
