// Holes: doors of one port of a service by which the internet gets in without anybody's having meant it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/audit/services/passage.h"

namespace sextant::audit {

struct OpenDoor {
  const DoorPassages* door = nullptr;
  std::vector<std::shared_ptr<const SourceClass>> classes{};  // who gets in
  std::shared_ptr<const Outcome> outcome{};                   // of the first of them
};

// The doors to one port of one service, or one host port: one hole, however many ways lead to it. The first names it.
using Hole = std::vector<OpenDoor>;

// `doors` as passages_of() sorts them; it must outlive the holes.
std::vector<Hole> holes_of(const std::vector<DoorPassages>& doors);

// The pods that a hole leads to, with the name of the service that does. Their being open is told there.
std::map<EndpointRef, std::string> pods_behind(const std::vector<Hole>& holes);

}  // namespace sextant::audit
