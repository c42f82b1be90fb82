#include "agent/policy/compile.h"

#include <algorithm>

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

class Compiler {
 public:
  explicit Compiler(const Classes& classes) {
    for (const Classes::Member& member : classes.members()) result_.classes.push_back(member.source);
    result_.sources = classes.ranges();
  }

  void add(const EndpointIntent& intent, std::vector<IpAddress> addresses) {
    KernelPolicy policy;
    std::map<ClassId, std::uint32_t> maps;
    for (const IntentRow& row : intent.rows) maps[row.source->id] = index_of(port_map_of(row));
    policy.default_port_map = usual(intent, maps);
    for (const auto& [id, map] : maps) {
      if (map != policy.default_port_map) policy.port_map_of_class[id] = map;
    }
    result_.endpoints.push_back(
        {.endpoint = intent.endpoint, .addresses = std::move(addresses), .policy = index_of(std::move(policy))});
  }

  KernelIntent take() { return std::move(result_); }

 private:
  // What the internet meets: most classes are parts of it.
  static std::uint32_t usual(const EndpointIntent& intent, const std::map<ClassId, std::uint32_t>& maps) {
    for (const IntentRow& row : intent.rows) {
      if (row.source->name == "world") return maps.at(row.source->id);
    }
    return maps.empty() ? 0 : maps.begin()->second;
  }

  std::uint32_t index_of(PortMap map) {
    const auto [at, added] =
        port_maps_.try_emplace(std::move(map), static_cast<std::uint32_t>(result_.port_maps.size()));
    if (added) result_.port_maps.push_back(at->first);
    return at->second;
  }

  std::uint32_t index_of(KernelPolicy policy) {
    const auto [at, added] = policies_.try_emplace({policy.default_port_map, policy.port_map_of_class},
                                                   static_cast<std::uint32_t>(result_.policies.size()));
    if (added) result_.policies.push_back(std::move(policy));
    return at->second;
  }

  KernelIntent result_{};
  std::map<PortMap, std::uint32_t> port_maps_{};
  std::map<std::pair<std::uint32_t, std::map<ClassId, std::uint32_t>>, std::uint32_t> policies_{};
};

}  // namespace

KernelIntent compile_kernel_intent(const Engine& engine, const World& world, const Classes& classes) {
  Compiler compiler(classes);
  for (const auto& [key, pod] : world.pods()) {
    if (!world.is_local(pod) || pod.host_network || pod.finished || pod.addresses.empty()) continue;
    const auto intent = engine.intent({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name});
    if (intent != nullptr) compiler.add(*intent, pod.addresses);
  }
  const auto node = engine.intent({.kind = EndpointKind::kNode, .name = world.local_node()});
  if (node != nullptr) compiler.add(*node, world.local_addresses());
  return compiler.take();
}

}  // namespace sextant::policy
