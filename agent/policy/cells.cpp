#include "agent/policy/cells.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "agent/policy/explain.h"
#include "agent/policy/overlaps.h"

namespace sextant::policy {
namespace {

constexpr std::uint32_t kPastLastPort = 65536;

// The part of a policy that a peer can meet at all: most items of a subject with many policies are about others.
struct Part {
  SubjectPolicy subject{};
  Sight sight{};
};

Sight part_of(const Sight& sight, const std::vector<std::size_t>& items) {
  Sight part{.peer = sight.peer};
  for (const std::size_t i : items) part.concerned.push_back(sight.concerned[i]);
  for (const Sight& other : sight.instead) part.instead.push_back(part_of(other, items));
  return part;
}

Part part_of(const SubjectPolicy& subject, const Sight& sight, const std::vector<std::size_t>& items) {
  Part part{.subject = {.applies = subject.applies,
                        .otherwise = subject.otherwise,
                        .default_deny = subject.default_deny,
                        .always = subject.always,
                        .authenticates = subject.authenticates,
                        .uncertain = subject.uncertain,
                        .broken = subject.broken},
            .sight = part_of(sight, items)};
  part.subject.items.reserve(items.size());
  for (const std::size_t i : items) part.subject.items.push_back(subject.items[i]);
  return part;
}

Part part_of(const SubjectPolicy& subject, const Sight& sight) {
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < subject.items.size(); ++i) {
    const bool relevant = sight.concerns(subject, i) || std::ranges::any_of(sight.instead, [&](const Sight& other) {
                            return other.concerns(subject, i);
                          });
    if (relevant) items.push_back(i);
  }
  return part_of(subject, sight, items);
}

// What of it can decide on these ports.
Part part_within(const Part& part, Protocol protocol, std::uint32_t first, std::uint32_t last) {
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < part.subject.items.size(); ++i) {
    const Item& item = part.subject.items[i];
    const bool reaches = item.protocol == Protocol::kAny ||
                         (item.protocol == protocol && item.first_port <= last && item.last_port >= first);
    if (reaches) items.push_back(i);
  }
  return part_of(part.subject, part.sight, items);
}

std::set<Protocol> protocols(const SubjectPolicy& subject) {
  std::set<Protocol> found{Protocol::kAny, Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6};
  for (const Item& item : subject.items) found.insert(item.protocol);
  return found;
}

bool same(const Judgement& a, const Judgement& b) {
  return a.verdict == b.verdict && a.because == b.because && a.decided_by == b.decided_by;
}

// The verdicts of one protocol, built range by range.
class Ranges {
 public:
  Ranges(const SubjectPolicy& subject, Protocol protocol, std::vector<IntentCell>& cells)
      : subject_(subject), protocol_(protocol), cells_(cells), before_(cells.size()) {}

  // From `first` on this holds, until the next one begins.
  void begin(std::uint32_t first, const Judgement& judgement) {
    IntentCell cell{.protocol = protocol_,
                    .first_port = static_cast<std::uint16_t>(first),
                    .last_port = kPastLastPort - 1,
                    .verdict = judgement.verdict,
                    .because = judgement.because,
                    .policies = deciding_policies(subject_, judgement),
                    .why = why(subject_, judgement)};
    if (cells_.size() > before_) {
      IntentCell& last = cells_.back();
      const bool joins = last.verdict == cell.verdict && last.because == cell.because &&
                         last.policies == cell.policies && last.why == cell.why;
      if (joins) return;
      last.last_port = static_cast<std::uint16_t>(first - 1);
    }
    cells_.push_back(std::move(cell));
  }

 private:
  const SubjectPolicy& subject_;
  Protocol protocol_;
  std::vector<IntentCell>& cells_;
  std::size_t before_;  // cells of other protocols
};

// So few edges are judged one by one; more are halved, and each half sees only the items that reach into it.
constexpr std::size_t kFewEdges = 32;

void judge_edges(const Part& part, Protocol protocol, std::span<const std::uint32_t> edges, std::uint32_t end,
                 Release release, Ranges& ranges) {
  if (edges.size() > kFewEdges && part.subject.items.size() > kFewEdges) {
    const std::size_t half = edges.size() / 2;
    const std::uint32_t middle = edges[half];
    judge_edges(part_within(part, protocol, edges.front(), middle - 1), protocol, edges.first(half), middle, release,
                ranges);
    judge_edges(part_within(part, protocol, middle, end - 1), protocol, edges.subspan(half), end, release, ranges);
    return;
  }
  std::optional<Judgement> last;
  for (const std::uint32_t port : edges) {
    Judgement judgement = judge(part.subject, part.sight, protocol, static_cast<std::uint16_t>(port), release);
    if (last && same(*last, judgement)) continue;
    ranges.begin(port, judgement);
    last = std::move(judgement);
  }
}

}  // namespace

std::vector<IntentCell> cells_for(const SubjectPolicy& subject, const Sight& sight, Release release) {
  std::vector<IntentCell> cells;
  if (too_many_overlaps(subject, sight)) {
    for (const Protocol protocol : protocols({})) Ranges(subject, protocol, cells).begin(0, {.too_many = true});
    return cells;
  }
  const Part part = part_of(subject, sight);
  for (const Protocol protocol : protocols(part.subject)) {
    Ranges ranges(subject, protocol, cells);
    judge_edges(part, protocol, edges(part.subject, protocol), kPastLastPort, release, ranges);
  }
  return cells;
}

}  // namespace sextant::policy
