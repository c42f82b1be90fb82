#include "agent/policy/outlook.h"

namespace sextant::policy {
namespace {

PeerIdentity peer_of(const Classes::Member& member, const IpAddress& sample, const Cluster& cluster,
                     std::string_view node) {
  switch (member.kind) {
    case Classes::Member::Kind::kPod:
      return cluster.peer(*member.pod, node);
    case Classes::Member::Kind::kNode:
      return cluster.node_peer(member.node, &sample, node);
    case Classes::Member::Kind::kOutside:
      break;
  }
  return cluster.outside(sample);
}

}  // namespace

void Outlook::compare_with(const Outlook& earlier) {
  before = earlier.serial;
  same_as.assign(peers.size(), kNew);
  const SourceClasses& mine = *classes->sources();
  const SourceClasses& theirs = *earlier.classes->sources();
  std::uint32_t there = 0;  // both are sorted by name
  for (std::size_t i = 0; i < mine.size(); ++i) {
    while (there < theirs.size() && theirs[there]->name < mine[i]->name) ++there;
    if (there == theirs.size()) return;
    if (theirs[there]->name == mine[i]->name && earlier.peers[there] == peers[i]) same_as[i] = there;
  }
}

bool Outlook::equals(const Outlook& earlier) const {
  if (before != earlier.serial || peers.size() != earlier.peers.size()) return false;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    // Equal classes are one object as long as they stay (ClassNames).
    if (same_as[i] != i || (*classes->sources())[i] != (*earlier.classes->sources())[i]) return false;
  }
  return true;
}

Outlook make_outlook(std::shared_ptr<const Classes> classes, const Cluster& cluster, std::string_view node,
                     std::uint64_t serial) {
  Outlook outlook{.classes = std::move(classes), .serial = serial};
  const std::vector<Classes::Member>& members = outlook.classes->members();
  outlook.peers.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i)
    outlook.peers.push_back(peer_of(members[i], (*outlook.classes->sources())[i]->sample, cluster, node));
  return outlook;
}

}  // namespace sextant::policy
