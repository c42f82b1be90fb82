#include "agent/audit/intent_changes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace sextant::audit {
namespace {

// Every protocol that cells tell apart; kAny stands for the rest (model/intent.h).
constexpr std::array kCellProtocols{Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6, Protocol::kAny};

Protocol cell_protocol(Protocol protocol) {
  return std::ranges::find(kCellProtocols, protocol) == kCellProtocols.end() ? Protocol::kAny : protocol;
}

// -1: not held.
int length_of_match(const SourceClass& source, const IpAddress& address) {
  int longest = -1;
  for (const Prefix& prefix : source.prefixes) {
    if (prefix.contains(address)) longest = std::max(longest, int{prefix.length});
  }
  const bool in_a_hole = std::ranges::any_of(source.except, [&](const Prefix& hole) { return hole.contains(address); });
  return in_a_hole ? -1 : longest;
}

// Finds the old row of a class: by id, by name, or, for a class that was cut out of another, by its addresses.
class OldRows {
 public:
  explicit OldRows(const EndpointIntent& before) : before_(before) {
    for (const IntentRow& row : before.rows) {
      by_id_.emplace(row.source->id, &row);
      by_name_.emplace(row.source->name, &row);
    }
  }

  const IntentRow* of(const SourceClass& source) const {
    if (const auto same = by_id_.find(source.id); same != by_id_.end()) return same->second;
    if (const auto named = by_name_.find(source.name); named != by_name_.end()) return named->second;
    return row_holding(before_, source.sample);
  }

 private:
  const EndpointIntent& before_;
  std::map<ClassId, const IntentRow*> by_id_{};
  std::map<std::string_view, const IntentRow*> by_name_{};
};

struct ChangedPorts {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

// Both lists are sorted by protocol and port, and do not overlap within themselves.
std::vector<ChangedPorts> changed_ports(const std::vector<IntentCell>& before, const std::vector<IntentCell>& after) {
  std::vector<ChangedPorts> changed;
  auto old = before.begin();
  auto cell = after.begin();
  while (old != before.end() && cell != after.end()) {
    if (old->protocol == cell->protocol && stance_of(*old) != stance_of(*cell)) {
      const std::uint16_t first = std::max(old->first_port, cell->first_port);
      const std::uint16_t last = std::min(old->last_port, cell->last_port);
      if (first <= last) changed.push_back({cell->protocol, first, last});
    }
    if (std::pair(old->protocol, old->last_port) < std::pair(cell->protocol, cell->last_port)) ++old;
    else ++cell;
  }
  return changed;
}

}  // namespace

Stance stance_of(const IntentCell& cell) {
  if (cell.verdict == Verdict::kUnknown) return Stance::kUnknown;
  if (!reachable(cell.verdict)) return Stance::kDenied;
  return cell.because == Because::kRule ? Stance::kAllowedByRule : Stance::kAllowedByDefault;
}

const IntentRow* row_holding(const EndpointIntent& intent, const IpAddress& address) {
  const IntentRow* best = nullptr;
  int longest = -1;
  for (const IntentRow& row : intent.rows) {
    const int length = length_of_match(*row.source, address);
    if (length <= longest) continue;
    longest = length;
    best = &row;
  }
  return best;
}

void IntentChanges::note(const EndpointIntent& before, const EndpointIntent& after, Time now) {
  const OldRows old_rows(before);
  for (const IntentRow& row : after.rows) {
    const IntentRow* was = old_rows.of(*row.source);
    if (was == nullptr) continue;
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
  const Protocol wanted = cell_protocol(protocol);
  std::optional<Time> latest;
  auto change = ranges->second.lower_bound(Range{.source_class = source_class, .protocol = Protocol::kAny});
  for (; change != ranges->second.end() && change->first.source_class == source_class; ++change) {
    const Range& range = change->first;
    if (range.protocol != wanted || port < range.first_port || port > range.last_port) continue;
    latest = latest ? std::max(*latest, change->second) : change->second;
  }
  return latest;
}

}  // namespace sextant::audit
