#include "agent/audit/services/hole.h"

#include <tuple>

namespace sextant::audit {
namespace {

auto hole_of(const Door& door) { return std::tuple(door.owner, door.port.protocol, door.port.port, door.port.name); }

OpenDoor look_at(const DoorPassages& door) {
  OpenDoor open{.door = &door};
  for (const Passage& passage : door.passages) {
    if (!reachable(passage.outcome->verdict) || !passage.outcome->intended_by.empty()) continue;
    if (!open.outcome) open.outcome = passage.outcome;
    open.classes.push_back(passage.source);
  }
  return open;
}

}  // namespace

std::vector<Hole> holes_of(const std::vector<DoorPassages>& doors) {
  std::vector<Hole> holes;
  for (const DoorPassages& door : doors) {
    OpenDoor open = look_at(door);
    if (open.classes.empty()) continue;
    const bool same = !holes.empty() && hole_of(holes.back().front().door->door) == hole_of(door.door);
    if (!same) holes.emplace_back();
    holes.back().push_back(std::move(open));
  }
  return holes;
}

std::map<EndpointRef, std::string> pods_behind(const std::vector<Hole>& holes) {
  std::map<EndpointRef, std::string> pods;
  for (const Hole& hole : holes) {
    for (const OpenDoor& open : hole) {
      for (const BackendView& backend : open.outcome->backends) {
        if (backend.ref.kind == EndpointKind::kPod && reachable(backend.verdict))
          pods.try_emplace(backend.ref, open.door->door.owner.to_string());
      }
    }
  }
  return pods;
}

}  // namespace sextant::audit
