// SXT011: the internet reaches a service's backend by one of its addresses, and nobody wrote that it should.
#include <algorithm>

#include "agent/audit/policy_yaml.h"
#include "agent/audit/rules.h"
#include "agent/audit/services/service_rows.h"
#include "agent/audit/source_set.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// As for SXT008: one finding for a port, whichever classes of the internet get in.
constexpr std::string_view kSourceClass = "world";

const BackendView* backend_of(const OpenDoor& open) {
  return open.outcome->backends.empty() ? nullptr : &open.outcome->backends.front();
}

// The backend is a socket of this node that SXT008 tells of: the same hole.
bool is_host_exposure(const Picture& picture, const OpenDoor& open) {
  const BackendView* backend = backend_of(open);
  return backend != nullptr && backend->ref == picture.node() &&
         picture.listening.node_sockets().contains({open.door->door.port.protocol, backend->port});
}

Evidence intended(const OpenDoor& open, std::string_view lead) {
  return {.witness = Witness::kIntended,
          .verdict = open.outcome->verdict,
          .detail = std::string(lead) + open.door->door.name() + " leads " + open.outcome->why};
}

std::vector<Evidence> evidence_of(const Picture& picture, const Hole& hole) {
  std::vector<Evidence> evidence{intended(hole.front(), "")};
  for (auto also = std::next(hole.begin()); also != hole.end(); ++also)
    evidence.push_back(intended(*also, "so does another door: "));
  if (const std::string& remark = hole.front().door->remark; !remark.empty())
    evidence.push_back({.witness = Witness::kIntended, .verdict = std::nullopt, .detail = remark});
  const BackendView* backend = backend_of(hole.front());
  if (backend != nullptr)
    evidence.push_back(
        texts::listening(picture.listening_at(backend->ref, hole.front().door->door.port.protocol, backend->port)));
  return evidence;
}

std::string message(const Hole& hole) {
  const Door& door = hole.front().door->door;
  std::string text = door.owner.to_string() + " can be reached from the internet at " + door.name();
  if (hole.size() > 1) text += " and " + std::to_string(hole.size() - 1) + " more";
  return text + ", and nobody says that it should be: it leads " + hole.front().outcome->why;
}

std::string fix_of(const Picture& picture, const OpenDoor& open) {
  const Door& door = open.door->door;
  std::string fix = policy_yaml::declare_public(door.owner, door.port.protocol, door.port.port);
  const BackendView* backend = backend_of(open);
  if (backend == nullptr) return fix;
  const bool translated = backend->source != "kept";
  if (translated && door.owner.kind == EndpointKind::kService) fix += policy_yaml::keep_clients(door.owner);
  const EndpointIntent* intent = picture.intent(backend->ref);
  const Pod* pod = picture.world().pod(backend->ref.ns, backend->ref.name);
  if (pod == nullptr || (intent != nullptr && intent->selected)) return fix;
  const PortViews* views = picture.listening_of(backend->ref);
  return fix + policy_yaml::isolate(*pod, views == nullptr ? PortViews() : *views);
}

}  // namespace

std::vector<Claim> service_exposures(const Picture& picture) {
  std::vector<Claim> claims;
  for (const Hole& hole : picture.holes()) {
    const OpenDoor& first = hole.front();
    if (is_host_exposure(picture, first)) continue;
    SourceSet from = union_of(first.classes);
    claims.push_back({.code = kServiceExposure,
                      .endpoint = detail_of(picture.world(), first.door->door),
                      .protocol = first.door->door.port.protocol,
                      .port = first.door->door.entry_port,
                      .source = SourceDetail{.source_class = std::string(kSourceClass),
                                             .prefixes = std::move(from.prefixes),
                                             .except = std::move(from.except),
                                             .sample = first.classes.front()->sample},
                      .message = message(hole),
                      .evidence = evidence_of(picture, hole),
                      .policies = texts::distinct(first.outcome->policies),
                      .fix = fix_of(picture, first)});
  }
  return claims;
}

std::string service_exposure_gone(const Picture& picture, const Finding& finding) {
  bool is_there = false;
  for (const DoorPassages& door : picture.doors()) {
    if (door.door.owner != finding.endpoint.ref) continue;
    is_there = true;
    if (door.door.entry_port != finding.port || door.door.port.protocol != finding.protocol) continue;
    for (const Passage& passage : door.passages) {
      if (!passage.outcome->intended_by.empty()) return passage.outcome->intended_by + " says that it should be";
    }
    for (const Passage& passage : door.passages) {
      if (passage.outcome->verdict == Verdict::kUnknown) return "it cannot be told any more: " + passage.outcome->why;
    }
    for (const Hole& hole : picture.holes()) {
      if (hole.front().door == &door) return "SXT008 tells of the node's socket behind it";
    }
    return door.passages.empty() ? "no public source is known" : door.passages.front().outcome->why;
  }
  return finding.endpoint.ref.to_string() +
         (is_there ? " has no such public door any more" : " has no public address any more");
}

}  // namespace sextant::audit
