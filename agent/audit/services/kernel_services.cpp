#include "agent/audit/services/kernel_services.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sextant::audit {
namespace {

using Port = std::pair<Protocol, std::uint16_t>;
using Verdicts = std::map<Port, Verdict>;  // of one class

// All that the doors of one service say, or of several that share addresses.
struct Subject {
  std::set<IpAddress> addresses{};
  std::map<Port, std::set<IpAddress>> ports{};  // and at which of the addresses each is
  std::map<ClassId, Verdicts> classes{};
};

// Services of which each shares an address with another; the first of them stands for all.
class Sharing {
 public:
  void add(const EndpointRef& service, const IpAddress& address) {
    const auto [holder, is_new] = holders_.try_emplace(address, service);
    const EndpointRef one = first_of(service);
    const EndpointRef other = first_of(holder->second);
    if (one != other) before_[std::max(one, other)] = std::min(one, other);
  }

  EndpointRef first_of(EndpointRef service) const {
    for (auto found = before_.find(service); found != before_.end(); found = before_.find(service))
      service = found->second;
    return service;
  }

 private:
  std::map<IpAddress, EndpointRef> holders_;
  std::map<EndpointRef, EndpointRef> before_;
};

void note(Verdicts& verdicts, const Port& port, Verdict verdict) {
  const auto [known, is_new] = verdicts.try_emplace(port, verdict);
  if (!is_new && known->second != verdict) known->second = Verdict::kUnknown;
}

void add_protocol(PortMap& map, Protocol protocol, const Subject& subject, const Verdicts& verdicts) {
  std::uint32_t next = 0;
  const auto add = [&](std::uint32_t first, std::uint32_t last, Verdict verdict) {
    if (!map.empty() && map.back().protocol == protocol && map.back().verdict == verdict) {
      map.back().last_port = static_cast<std::uint16_t>(last);
      return;
    }
    map.push_back({.protocol = protocol,
                   .first_port = static_cast<std::uint16_t>(first),
                   .last_port = static_cast<std::uint16_t>(last),
                   .verdict = verdict});
  };
  for (const auto& [port, addresses] : subject.ports) {
    if (port.first != protocol) continue;
    if (port.second > next) add(next, port.second - 1U, Verdict::kDeny);
    const auto verdict = verdicts.find(port);
    const bool known = verdict != verdicts.end() && addresses == subject.addresses;
    add(port.second, port.second, known ? verdict->second : Verdict::kUnknown);
    next = port.second + 1U;
  }
  if (next <= 65535) add(next, 65535, Verdict::kDeny);
}

PortMap port_map_of(const Subject& subject, const Verdicts& verdicts) {
  PortMap map{{.protocol = Protocol::kAny}};
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kIcmpv6, Protocol::kSctp}) {
    if (protocol == Protocol::kIcmpv6)
      map.push_back({.protocol = protocol});
    else
      add_protocol(map, protocol, subject, verdicts);
  }
  return map;
}

std::set<IpAddress> held_addresses(const KernelIntent& intent) {
  std::set<IpAddress> held;
  for (const KernelEndpoint& endpoint : intent.endpoints)
    held.insert(endpoint.addresses.begin(), endpoint.addresses.end());
  return held;
}

std::map<EndpointRef, Subject> subjects_of(const std::vector<DoorPassages>& doors, const std::set<IpAddress>& held) {
  std::vector<const DoorPassages*> own;
  Sharing sharing;
  for (const DoorPassages& one : doors) {
    const Door& door = one.door;
    if (door.owner.kind != EndpointKind::kService || !door.node.empty() || !door.address) continue;
    if (held.contains(*door.address)) continue;
    own.push_back(&one);
    sharing.add(door.owner, *door.address);
  }
  std::map<EndpointRef, Subject> subjects;
  for (const DoorPassages* one : own) {
    const Door& door = one->door;
    Subject& subject = subjects[sharing.first_of(door.owner)];
    subject.addresses.insert(*door.address);
    const Port port{door.port.protocol, door.entry_port};
    subject.ports[port].insert(*door.address);
    for (const Passage& passage : one->passages)
      note(subject.classes[passage.source->id], port, passage.outcome->verdict);
  }
  return subjects;
}

}  // namespace

void add_services(KernelIntent& intent, const std::vector<DoorPassages>& doors) {
  std::map<PortMap, std::uint32_t> known;
  const auto number_of = [&](PortMap map) {
    const auto [at, is_new] = known.try_emplace(std::move(map), static_cast<std::uint32_t>(intent.port_maps.size()));
    if (is_new) intent.port_maps.push_back(at->first);
    return at->second;
  };
  for (const auto& [owner, subject] : subjects_of(doors, held_addresses(intent))) {
    // Classes that no door speaks of are the cluster's own: what they may is not told here.
    KernelPolicy policy{.default_port_map = number_of(port_map_of(subject, {}))};
    for (const auto& [source, verdicts] : subject.classes)
      policy.port_map_of_class.set(source, number_of(port_map_of(subject, verdicts)));
    intent.endpoints.push_back({.endpoint = owner,
                                .addresses = {subject.addresses.begin(), subject.addresses.end()},
                                .policy = static_cast<std::uint32_t>(intent.policies.size())});
    intent.policies.push_back(std::move(policy));
  }
}

}  // namespace sextant::audit
