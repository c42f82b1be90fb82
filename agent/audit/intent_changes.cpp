#include "agent/audit/intent_changes.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace sextant::audit {
namespace {

// Protocols that always have cells of their own (model/intent.h).
constexpr std::array kOwnCells{Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6};

// -1: not held.
int length_of_match(const SourceClass& source, const IpAddress& address) {
  int longest = -1;
  for (const Prefix& prefix : source.prefixes) {
    if (prefix.contains(address)) longest = std::max(longest, int{prefix.length});
  }
  const bool in_a_hole = std::ranges::any_of(source.except, [&](const Prefix& hole) { return hole.contains(address); });
  return in_a_hole ? -1 : longest;
}

struct ChangedPorts {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

using Cells = std::span<const IntentCell>;

// Cells are sorted by protocol and port. A protocol without cells of its own shares those of kAny.
Cells cells_of(const std::vector<IntentCell>& cells, Protocol protocol) {
  auto own = std::ranges::equal_range(cells, protocol, {}, &IntentCell::protocol);
  if (own.empty()) own = std::ranges::equal_range(cells, Protocol::kAny, {}, &IntentCell::protocol);
  return {own.begin(), own.end()};
}

void add_changed(std::vector<ChangedPorts>& changed, Protocol protocol, Cells before, Cells after) {
  auto old = before.begin();
  auto cell = after.begin();
  while (old != before.end() && cell != after.end()) {
    const std::uint16_t first = std::max(old->first_port, cell->first_port);
    const std::uint16_t last = std::min(old->last_port, cell->last_port);
    if (first <= last && stance_of(*old) != stance_of(*cell)) changed.push_back({protocol, first, last});
    if (old->last_port < cell->last_port)
      ++old;
    else
      ++cell;
  }
}

std::vector<ChangedPorts> changed_ports(const std::vector<IntentCell>& before, const std::vector<IntentCell>& after) {
  std::set<Protocol> protocols;
  for (const IntentCell& cell : before) protocols.insert(cell.protocol);
  for (const IntentCell& cell : after) protocols.insert(cell.protocol);
  std::vector<ChangedPorts> changed;
  for (const Protocol protocol : protocols) {
    add_changed(changed, protocol, cells_of(before, protocol), cells_of(after, protocol));
  }
  return changed;
}

}  // namespace

Stance stance_of(const IntentCell& cell) {
  if (cell.verdict == Verdict::kUnknown) return Stance::kUnknown;
  if (!reachable(cell.verdict)) return Stance::kDenied;
  return cell.because == Because::kRule ? Stance::kAllowedByRule : Stance::kAllowedByDefault;
}

std::optional<IntentRow> row_holding(const EndpointIntent& intent, const IpAddress& address) {
  std::optional<IntentRow> best;
  int longest = -1;
  for (const IntentRow& row : intent.rows) {
    const int length = length_of_match(*row.source, address);
    if (length <= longest) continue;
    longest = length;
    best = row;
  }
  return best;
}

void IntentChanges::note(const EndpointIntent& before, const EndpointIntent& after, Time now) {
  auto old = before.rows.begin();  // both are sorted by the classes' names
  for (const IntentRow& row : after.rows) {
    while (old != before.rows.end() && (*old).source->name < row.source->name) ++old;
    const bool same_class = old != before.rows.end() && (*old).source->name == row.source->name;
    const std::optional<IntentRow> was = same_class ? *old : row_holding(before, row.source->sample);
    if (!was || was->cells.shares_with(row.cells)) continue;
    for (const ChangedPorts& ports : changed_ports(was->cells, row.cells)) {
      changes_[after.endpoint].insert_or_assign(Range{row.source->name, ports.protocol, ports.first, ports.last}, now);
    }
  }
}

void IntentChanges::prune(Time before) {
  for (auto& [endpoint, ranges] : changes_) {
    std::erase_if(ranges, [before](const auto& change) { return change.second < before; });
  }
  std::erase_if(changes_, [](const auto& of_endpoint) { return of_endpoint.second.empty(); });
}

std::optional<Time> IntentChanges::last_change(const EndpointRef& endpoint, const std::string& source_class,
                                               Protocol protocol, std::uint16_t port) const {
  const auto ranges = changes_.find(endpoint);
  if (ranges == changes_.end()) return std::nullopt;
  const bool shares_cells = std::ranges::find(kOwnCells, protocol) == kOwnCells.end();
  std::optional<Time> latest;
  auto change = ranges->second.lower_bound(Range{.source_class = source_class, .protocol = Protocol::kAny});
  for (; change != ranges->second.end() && change->first.source_class == source_class; ++change) {
    const Range& range = change->first;
    const bool applies = range.protocol == protocol || (range.protocol == Protocol::kAny && shares_cells);
    if (!applies || port < range.first_port || port > range.last_port) continue;
    latest = latest ? std::max(*latest, change->second) : change->second;
  }
  return latest;
}

}  // namespace sextant::audit
