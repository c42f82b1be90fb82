#include "agent/policy/behaviours.h"

#include <map>

#include "agent/policy/cells.h"

namespace sextant::policy {
namespace {

constexpr std::size_t kBits = 64;

void set_bit(std::uint64_t* words, std::size_t bit) { words[bit / kBits] |= std::uint64_t{1} << bit % kBits; }

bool matches(const Matcher& matcher, const PeerIdentity& peer) {
  return matcher.matches(peer.id) || matcher.matches(peer.stands_in) || matcher.matches(peer.aggregate);
}

}  // namespace

std::size_t Behaviours::KeyHash::operator()(const Key& key) const {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, by words
  for (const std::uint64_t word : key) {
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 32U;
  }
  return hash;
}

Behaviours::Behaviours(const SubjectPolicy& subject, Release release)
    : subject_(subject),
      release_(release),
      everyone_((subject.items.size() + kBits - 1) / kBits),
      local_host_(everyone_.size()) {
  std::map<const Matcher*, std::size_t> group_of;
  for (std::uint32_t i = 0; i < subject.items.size(); ++i) {
    const Item& item = subject.items[i];
    if (item.host_only) {
      set_bit(local_host_.data(), i);
    } else if (item.peers == nullptr) {
      set_bit(everyone_.data(), i);
    } else {
      const auto [at, added] = group_of.try_emplace(item.peers.get(), groups_.size());
      if (added) groups_.push_back({.peers = item.peers.get()});
      groups_[at->second].items.push_back(i);
    }
  }
}

void Behaviours::append_concerned(const PeerIdentity& peer) {
  const std::size_t begin = key_.size();
  key_.insert(key_.end(), everyone_.begin(), everyone_.end());
  std::uint64_t* words = key_.data() + begin;
  if (peer.local_host) {
    for (std::size_t i = 0; i < local_host_.size(); ++i) words[i] |= local_host_[i];
  }
  for (const Group& group : groups_) {
    if (!matches(*group.peers, peer)) continue;
    for (const std::uint32_t item : group.items) set_bit(words, item);
  }
}

void Behaviours::append_key(const PeerIdentity& peer) {
  append_concerned(peer);
  for (const IdentityId id : peer.instead) {
    PeerIdentity other = peer;
    other.id = id;
    append_concerned(other);
  }
  // Authentication tells an identity's own entries from its aggregate's; what is uncertain concerns only those outside.
  key_.push_back(subject_.authenticates ? peer.id : kNoIdentity);
  key_.push_back(subject_.uncertain && peer.outside ? 1 : 0);
}

std::uint32_t Behaviours::number_of(const PeerIdentity& peer) {
  key_.clear();
  append_key(peer);
  const auto [known, is_new] = known_.try_emplace(key_, static_cast<std::uint32_t>(cells_.size()));
  if (is_new) cells_.emplace_back(cells_for(subject_, sight_of(subject_, peer), release_));
  return known->second;
}

const SharedList<SharedCells>& Behaviours::all() {
  if (all_.size() != cells_.size()) all_ = cells_;
  return all_;
}

}  // namespace sextant::policy
