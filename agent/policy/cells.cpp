#include "agent/policy/cells.h"

#include <algorithm>
#include <set>

#include "agent/policy/explain.h"

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

Part part_of(const SubjectPolicy& subject, const Sight& sight) {
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < subject.items.size(); ++i) {
    const bool relevant = sight.concerns(subject, i) || std::ranges::any_of(sight.instead, [&](const Sight& other) {
                            return other.concerns(subject, i);
                          });
    if (relevant) items.push_back(i);
  }
  Part part{.subject = {.applies = subject.applies,
                        .otherwise = subject.otherwise,
                        .default_deny = subject.default_deny,
                        .always = subject.always,
                        .authenticates = subject.authenticates,
                        .uncertain = subject.uncertain,
                        .broken = subject.broken},
            .sight = part_of(sight, items)};
  for (const std::size_t i : items) part.subject.items.push_back(subject.items[i]);
  return part;
}

// Where the verdict of a protocol may change.
std::set<std::uint32_t> edges(const SubjectPolicy& subject, Protocol protocol) {
  std::set<std::uint32_t> found{0};
  for (const Item& item : subject.items) {
    if (item.protocol != protocol) continue;
    found.insert(item.first_port);
    found.insert(item.last_port + 1U);
    // What authentication a port asks for depends on how far its range is from it in the map's prefixes.
    if (!subject.authenticates) continue;
    for (std::uint32_t port = item.first_port; port <= item.last_port;) {
      std::uint32_t size = 1;
      while (port % (size * 2) == 0 && port + size * 2 - 1 <= item.last_port) size *= 2;
      port += size;
      found.insert(port);
    }
  }
  found.erase(kPastLastPort);
  return found;
}

std::set<Protocol> protocols(const SubjectPolicy& subject) {
  std::set<Protocol> found{Protocol::kAny, Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6};
  for (const Item& item : subject.items) found.insert(item.protocol);
  return found;
}

bool same(const Judgement& a, const Judgement& b) {
  return a.verdict == b.verdict && a.because == b.because && a.decided_by == b.decided_by;
}

}  // namespace

std::vector<IntentCell> cells_for(const SubjectPolicy& subject, const Sight& sight, Release release) {
  const Part part = part_of(subject, sight);
  std::vector<IntentCell> cells;
  for (const Protocol protocol : protocols(part.subject)) {
    std::vector<std::pair<std::uint32_t, Judgement>> ranges;
    for (const std::uint32_t port : edges(part.subject, protocol)) {
      Judgement judgement = judge(part.subject, part.sight, protocol, static_cast<std::uint16_t>(port), release);
      if (ranges.empty() || !same(ranges.back().second, judgement)) ranges.emplace_back(port, std::move(judgement));
    }
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const auto& [first, judgement] = ranges[i];
      const std::uint32_t next = i + 1 < ranges.size() ? ranges[i + 1].first : kPastLastPort;
      IntentCell cell{.protocol = protocol,
                      .first_port = static_cast<std::uint16_t>(first),
                      .last_port = static_cast<std::uint16_t>(next - 1),
                      .verdict = judgement.verdict,
                      .because = judgement.because,
                      .policies = deciding_policies(subject, judgement),
                      .why = why(subject, judgement)};
      const bool joins = !cells.empty() && cells.back().protocol == protocol && cells.back().verdict == cell.verdict &&
                         cells.back().because == cell.because && cells.back().policies == cell.policies &&
                         cells.back().why == cell.why;
      if (joins) {
        cells.back().last_port = cell.last_port;
      } else {
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace sextant::policy
