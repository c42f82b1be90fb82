#include "agent/policy/auth.h"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>

#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

// How many bits of protocol and port the map entry that holds `port` fixes: ranges are kept as the fewest aligned
// blocks.
int prefix_length(const Item& item, std::uint16_t port) {
  if (item.protocol == Protocol::kAny) return 0;
  constexpr int kProtocolBits = 8;
  std::uint32_t size = 1;
  int bits = 16;
  while (bits > 0) {
    const std::uint32_t wider = size * 2;
    const std::uint32_t first = port & ~(wider - 1);
    if (first < item.first_port || first + wider - 1 > item.last_port) break;
    size = wider;
    --bits;
  }
  return kProtocolBits + bits;
}

// Higher goes first.
struct Precedence {
  int tier = 0;         // negated: the first tier is the greatest
  double priority = 0;  // negated
  int rank = 0;
  auto operator<=>(const Precedence&) const = default;
  bool same_level(const Precedence& other) const { return tier == other.tier && priority == other.priority; }
  bool level_at_least(const Precedence& other) const {
    return std::pair(tier, priority) >= std::pair(other.tier, other.priority);
  }
};

Precedence precedence_of(const Item& item) { return {-static_cast<int>(item.tier), -item.priority, item.rank}; }

// One entry of the map.
struct MapEntry {
  Precedence precedence{};
  AuthMode auth = AuthMode::kUnset;  // kUnset: not written, or taken from another entry
  AuthMode derived = AuthMode::kUnset;
  std::vector<const Item*> items{};

  bool is_explicit() const { return auth != AuthMode::kUnset; }
  AuthMode type() const { return is_explicit() ? auth : derived; }
};

// Modes in the order of Cilium's numbers; none and disabled are the same.
int type_number(AuthMode mode) { return mode == AuthMode::kRequired ? 1 : mode == AuthMode::kAlwaysFail ? 2 : 0; }

// Entries of one identity that hold the port, by how specific their port is.
using Entries = std::map<int, MapEntry>;

void add(Entries& entries, const Item& item, std::uint16_t port) {
  const Precedence precedence = precedence_of(item);
  const auto [at, added] = entries.try_emplace(prefix_length(item, port));
  MapEntry& entry = at->second;
  if (added) {
    entry = {.precedence = precedence, .auth = item.auth, .items = {&item}};
    return;
  }
  if (!entry.precedence.same_level(precedence)) {
    // A mode that is written outlives an accept of a tier before its own (pkg/policy/mapstate.go:authPreferredInsert).
    MapEntry other{.precedence = precedence, .auth = item.auth, .items = {&item}};
    if (precedence > entry.precedence) std::swap(entry, other);
    if (entry.precedence.rank == kDenyRank || !other.is_explicit()) return;
    entry.auth = other.auth;
    entry.items.insert(entry.items.end(), other.items.begin(), other.items.end());
    return;
  }
  entry.precedence = std::max(entry.precedence, precedence);
  entry.items.push_back(&item);
  const bool stronger =
      item.auth != AuthMode::kUnset && (!entry.is_explicit() || type_number(item.auth) > type_number(entry.auth));
  if (stronger) entry.auth = item.auth;
}

struct Found {
  int length = 0;
  MapEntry entry{};
};

// The entry that a look-up finds: the most specific that a broader one of higher precedence has not driven out.
std::optional<Found> look_up(const Entries& entries, Release release) {
  std::optional<Found> found;
  Precedence cover{};
  std::vector<const MapEntry*> asking;  // broader entries with a mode of their own, the most specific last
  std::map<int, MapEntry> kept;
  for (const auto& [length, written] : entries) {
    MapEntry entry = written;
    if (found && cover > entry.precedence) {
      if (!entry.is_explicit() || !has(release, Trait::kAuthSurvivesRedirect)) continue;
      entry.precedence = cover;
    }
    if (!entry.is_explicit()) {
      const auto source = std::ranges::find_if(asking.rbegin(), asking.rend(), [&](const MapEntry* e) {
        return e->precedence.level_at_least(entry.precedence);
      });
      if (source != asking.rend()) entry.derived = (*source)->auth;
    }
    cover = found ? std::max(cover, entry.precedence) : entry.precedence;
    const MapEntry& stays = kept.emplace(length, entry).first->second;
    if (stays.is_explicit()) asking.push_back(&stays);
    found = Found{length, std::move(entry)};
  }
  return found;
}

// An entry without a mode of its own takes the stricter one of the other look-up.
Found with_mode_of(Found entry, const Found& other) {
  const bool takes = !entry.entry.is_explicit() && type_number(other.entry.type()) > type_number(entry.entry.type()) &&
                     other.entry.precedence.level_at_least(entry.entry.precedence);
  if (takes) entry.entry.derived = other.entry.type();
  return entry;
}

// Of the peer's own entry and the one for everyone or its aggregate.
std::optional<Found> choose(std::optional<Found> own, std::optional<Found> behind, Release release) {
  if (!own || !behind) return own ? own : behind;
  if (own->entry.precedence != behind->entry.precedence)
    return own->entry.precedence > behind->entry.precedence ? own : behind;
  const bool behind_first =
      has(release, Trait::kBroaderPortDecidesAuth) ? own->length > behind->length : behind->length > own->length;
  return behind_first ? with_mode_of(*behind, *own) : with_mode_of(*own, *behind);
}

// What the aggregate's entry on the same port says too has no entry of its own, so that a broader one of the peer's may
// be found instead (pkg/policy/mapstate.go:pruneAggregated).
void leave_out_doubles(Entries& own, const Entries& behind) {
  std::erase_if(own, [&](const auto& entry) {
    const auto same = behind.find(entry.first);
    return same != behind.end() && same->second.precedence == entry.second.precedence &&
           same->second.auth == entry.second.auth;
  });
}

}  // namespace

Judgement judge_authenticated(const SubjectPolicy& subject, const PeerIdentity& peer, Protocol protocol,
                              std::uint16_t port, Release release) {
  Entries own, behind;
  for (const Item& item : subject.items) {
    if (!item.covers(protocol, port) || item.rank == kPassRank) continue;
    if (item.host_only) {
      if (peer.local_host) add(own, item, port);
    } else if (item.peers == nullptr) {
      add(behind, item, port);
    } else {
      if (item.peers->matches(peer.id) || item.peers->matches(peer.stands_in)) add(own, item, port);
      if (item.peers->matches(peer.aggregate)) add(behind, item, port);
    }
  }
  if (has(release, Trait::kAggregates)) leave_out_doubles(own, behind);
  const std::optional<Found> found = choose(look_up(own, release), look_up(behind, release), release);
  if (!found) return {.verdict = Verdict::kDeny, .because = Because::kDefaultDeny};
  Judgement judgement{.verdict = Verdict::kAllow, .decided_by = found->entry.items};
  const int rank = found->entry.precedence.rank;
  if (rank == kDenyRank) {
    judgement.verdict = Verdict::kDeny;
  } else if (type_number(found->entry.type()) > 0) {
    judgement.verdict = Verdict::kAuth;
  } else if (rank > kAllowRank) {
    judgement.verdict = Verdict::kRedirect;
  }
  judgement.because = because_of(*judgement.decided_by.front());
  for (const Item* item : judgement.decided_by) {
    if (!item->sources.empty()) judgement.because = because_of(*item);
  }
  return judgement;
}

}  // namespace sextant::policy
