// Where two intents of one endpoint differ, for whom and on which ports: two manifest trees, two releases of Cilium, or
// one policy more or less.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/model/intent.h"
#include "agent/policy/engine.h"

namespace sextant::audit {

// The sources that two engines' partitions have in common, class by class.
class SourcePairs {
 public:
  struct Pair {
    std::shared_ptr<const SourceClass> before{};
    std::shared_ptr<const SourceClass> after{};
  };
  // Neither engine may change while the pairs are in use.
  SourcePairs(const policy::Engine& before, const policy::Engine& after);
  const std::vector<Pair>& all() const { return pairs_; }

 private:
  std::vector<Pair> pairs_{};
};

// One range of ports on which the same sources fare differently.
struct VerdictChange {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  IntentCell before{};
  IntentCell after{};
  std::vector<std::shared_ptr<const SourceClass>> sources{};  // exactly those that both hold; made for this change
};

// Sorted by protocol and port. Classes that an intent has no row for are left out.
std::vector<VerdictChange> compare(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after);
// Whether compare() would find nothing, at less cost.
bool same_verdicts(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after);

// Calls visit(source pair, before's cell, after's cell, first port, last port) for every piece that neither side cuts;
// ends when it returns false.
template <class Visit>
void walk_cells(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after, Visit visit);
// The same, where it does not matter who the sources are: visit(before's cell, after's cell). Of pairs whose rows share
// their cells on both sides, which is most of them, only the first is walked.
template <class Visit>
void walk_distinct_cells(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after,
                         Visit visit);

// The addresses that both classes hold, named as the narrower one.
std::shared_ptr<const SourceClass> common(const SourcePairs::Pair& pair);

// ---- implementation of the template ---------------------------------------------------------------------------------

// False: visit ended it.
template <class Visit>
bool walk_ports(const IntentRow& before, const IntentRow& after, Visit visit) {
  for (const IntentCell& old_cell : before.cells) {
    std::uint32_t port = old_cell.first_port;
    while (port <= old_cell.last_port) {
      const IntentCell& new_cell = after.cell(old_cell.protocol, static_cast<std::uint16_t>(port));
      const std::uint32_t last = std::min(old_cell.last_port, std::max(new_cell.last_port, old_cell.first_port));
      if (!visit(old_cell, new_cell, static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(last))) return false;
      port = last + 1;
    }
  }
  return true;
}

template <class Visit>
void walk_cells(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after, Visit visit) {
  for (const SourcePairs::Pair& pair : pairs.all()) {
    const std::optional<IntentRow> old_row = before.row(pair.before->id);
    const std::optional<IntentRow> new_row = after.row(pair.after->id);
    if (!old_row || !new_row) continue;
    const auto visit_pair = [&](const IntentCell& old_cell, const IntentCell& new_cell, std::uint16_t first,
                                std::uint16_t last) { return visit(pair, old_cell, new_cell, first, last); };
    if (!walk_ports(*old_row, *new_row, visit_pair)) return;
  }
}

template <class Visit>
void walk_distinct_cells(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after,
                         Visit visit) {
  std::set<std::pair<const void*, const void*>> walked;
  for (const SourcePairs::Pair& pair : pairs.all()) {
    const std::optional<IntentRow> old_row = before.row(pair.before->id);
    const std::optional<IntentRow> new_row = after.row(pair.after->id);
    if (!old_row || !new_row) continue;
    if (!walked.emplace(old_row->cells.identity(), new_row->cells.identity()).second) continue;
    const auto visit_cells = [&](const IntentCell& old_cell, const IntentCell& new_cell, std::uint16_t, std::uint16_t) {
      return visit(old_cell, new_cell);
    };
    if (!walk_ports(*old_row, *new_row, visit_cells)) return;
  }
}

}  // namespace sextant::audit
