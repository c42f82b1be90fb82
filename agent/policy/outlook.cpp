#include "agent/policy/outlook.h"

namespace sextant::policy {
namespace {

PeerIdentity peer_of(const Classes::Member& member, const Cluster& cluster, std::string_view node) {
  switch (member.kind) {
    case Classes::Member::Kind::kPod:
      return cluster.peer(*member.pod, node);
    case Classes::Member::Kind::kNode:
      return cluster.node_peer(member.node, &member.source->sample, node);
    case Classes::Member::Kind::kOutside:
      break;
  }
  return cluster.outside(member.source->sample);
}

}  // namespace

void Outlook::compare_with(const Outlook& earlier) {
  before = earlier.serial;
  same_as.assign(peers.size(), kNew);
  const auto& mine = classes->members();
  const auto& theirs = earlier.classes->members();
  std::uint32_t there = 0;  // both are sorted by name
  for (std::size_t i = 0; i < mine.size(); ++i) {
    while (there < theirs.size() && theirs[there].source->name < mine[i].source->name) ++there;
    if (there == theirs.size()) return;
    if (theirs[there].source->name == mine[i].source->name && earlier.peers[there] == peers[i]) same_as[i] = there;
  }
}

bool Outlook::equals(const Outlook& earlier) const {
  if (before != earlier.serial || peers.size() != earlier.peers.size()) return false;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    // Equal classes are one object as long as they stay (ClassNames).
    if (same_as[i] != i || classes->members()[i].source != earlier.classes->members()[i].source) return false;
  }
  return true;
}

Outlook make_outlook(std::shared_ptr<const Classes> classes, const Cluster& cluster, std::string_view node,
                     std::uint64_t serial) {
  Outlook outlook{.classes = std::move(classes), .serial = serial};
  outlook.peers.reserve(outlook.classes->members().size());
  for (const Classes::Member& member : outlook.classes->members())
    outlook.peers.push_back(peer_of(member, cluster, node));
  return outlook;
}

}  // namespace sextant::policy
