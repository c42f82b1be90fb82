// What one subject lets each peer do. Peers that the same of its items concern behave alike, and share their cells.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "agent/policy/judge.h"

namespace sextant::policy {

class Behaviours {
 public:
  // `subject` must outlive it.
  Behaviours(const SubjectPolicy& subject, Release release);

  // The number of its cells in all(), which it keeps.
  std::uint32_t number_of(const PeerIdentity& peer);
  const SharedCells& of(const PeerIdentity& peer) { return cells_[number_of(peer)]; }
  // All that were asked for so far.
  const SharedList<SharedCells>& all();

 private:
  // Which items concern a peer, as bits; then the same for whom it may be instead, and what else tells peers apart.
  using Key = std::vector<std::uint64_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  // The items that one matcher decides on.
  struct Group {
    const Matcher* peers = nullptr;
    std::vector<std::uint32_t> items{};
  };

  void append_concerned(const PeerIdentity& peer);
  void append_key(const PeerIdentity& peer);

  const SubjectPolicy& subject_;
  Release release_;
  Key everyone_{};    // items that concern every peer
  Key local_host_{};  // items that concern the local host alone
  std::vector<Group> groups_{};
  Key key_{};  // of the question at hand
  std::unordered_map<Key, std::uint32_t, KeyHash> known_{};
  std::vector<SharedCells> cells_{};
  SharedList<SharedCells> all_{};  // as cells_ when it was asked for last
};

}  // namespace sextant::policy
