#include "agent/policy/inquiry.h"

#include <algorithm>
#include <optional>

#include "agent/policy/engine_state.h"
#include "agent/policy/judge.h"

namespace sextant::policy {
namespace {

// Verdicts by question. Of two questions that fall on the same place the later stays: it never grows.
class Memory {
 public:
  struct Question {
    const SubjectPolicy* policy = nullptr;
    std::uint32_t peer = 0;
    Protocol protocol = Protocol::kAny;
    std::uint16_t port = 0;
    bool operator==(const Question&) const = default;
  };

  // The verdict, from `judge` where it is not remembered.
  template <class Judge>
  Verdict of(const Question& question, const Judge& judge) {
    if (places_.empty()) places_.resize(kPlaces);
    Place& place = places_[hash(question) % kPlaces];
    if (!place.taken || place.question != question) place = {question, judge(), true};
    return place.verdict;
  }

 private:
  static constexpr std::size_t kPlaces = 1U << 14U;
  struct Place {
    Question question{};
    Verdict verdict = Verdict::kUnknown;
    bool taken = false;
  };

  static std::size_t hash(const Question& q) {
    const auto policy = reinterpret_cast<std::uintptr_t>(q.policy);
    const std::uint64_t rest = std::uint64_t{q.peer} << 24U | q.port << 8U | static_cast<std::uint8_t>(q.protocol);
    return ((policy * 0x9e3779b97f4a7c15 ^ rest) * 0xbf58476d1ce4e5b9) >> 40U;
  }

  std::vector<Place> places_{};
};

// Policies with fewer items are judged sooner than remembered.
constexpr std::size_t kWorthRemembering = 48;

constexpr std::uint32_t kUnseen = 0xffffffff, kNobody = 0xfffffffe;

}  // namespace

struct Inquiry::State {
  struct To {
    std::shared_ptr<const SubjectPolicy> policy{};  // null: there is no such subject
    std::uint32_t node = 0;
  };

  const To& to(std::size_t index) {
    if (index >= tos.size()) tos.resize(ends.subjects.size());
    std::optional<To>& known = tos[index];
    if (!known) known = look_up(ends.subjects[index]);
    return *known;
  }

  To look_up(const Subject& subject) {
    const Result<Target> target = engine.target(subject);
    if (!target) return {};
    return {.policy = engine.policy_of(*target), .node = index_of_node(target->node)};
  }

  std::uint32_t index_of_node(const std::string& name) {
    const auto index = static_cast<std::uint32_t>(std::ranges::find(nodes, name) - nodes.begin());
    if (index == nodes.size()) nodes.push_back(name);
    return index;
  }

  // The peer's identity as the node sees it: an index into `identities`, or kNobody.
  std::uint32_t from(std::size_t index, std::uint32_t node) {
    if (node >= froms.size()) froms.resize(node + 1);
    std::vector<std::uint32_t>& seen = froms[node];
    if (index >= seen.size()) seen.resize(ends.peers.size(), kUnseen);
    if (seen[index] == kUnseen) {
      const Result<PeerIdentity> peer = engine.peer(ends.peers[index], nodes[node]);
      seen[index] = peer ? index_of_identity(*peer) : kNobody;
    }
    return seen[index];
  }

  std::uint32_t index_of_identity(const PeerIdentity& peer) {
    if (peer.id >= by_id.size())
      by_id.resize(std::max<std::size_t>(peer.id + 1, engine.identities.size() + 1), kUnseen);
    std::uint32_t& known = by_id[peer.id];
    if (known != kUnseen && identities[known] == peer) return known;
    // One identity is seen in two ways only where it is an address and something else: then it has two places.
    identities.push_back(peer);
    return known = static_cast<std::uint32_t>(identities.size() - 1);
  }

  const Engine::State& engine;
  const Ends& ends;
  std::vector<std::optional<To>> tos{};
  std::vector<std::string> nodes{};
  std::vector<std::vector<std::uint32_t>> froms{};  // by node and peer
  std::vector<PeerIdentity> identities{};
  std::vector<std::uint32_t> by_id{};  // index into identities
  Memory memory{};
};

Inquiry::Inquiry(const Engine& engine, const Ends& ends) : state_(new State{.engine = *engine.state_, .ends = ends}) {}
Inquiry::~Inquiry() = default;
Inquiry::Inquiry(Inquiry&&) noexcept = default;

Verdict Inquiry::verdict(std::size_t subject, std::size_t peer, Protocol protocol, std::uint16_t port) {
  const State::To& to = state_->to(subject);
  if (to.policy == nullptr) return Verdict::kUnknown;
  const std::uint32_t from = state_->from(peer, to.node);
  if (from == kNobody) return Verdict::kUnknown;
  const auto judge = [&] {
    return verdict_alone(*to.policy, state_->identities[from], protocol, port, state_->engine.options.release);
  };
  if (to.policy->items.size() < kWorthRemembering) return judge();
  return state_->memory.of({to.policy.get(), from, protocol, port}, judge);
}

}  // namespace sextant::policy
