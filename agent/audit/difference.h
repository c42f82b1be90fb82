// Where two intents of one endpoint differ, for whom and on which ports: two manifest trees, two releases of Cilium, or
// one policy more or less.
#pragma once

#include <memory>
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

// The addresses that both classes hold, named as the narrower one.
std::shared_ptr<const SourceClass> common(const SourcePairs::Pair& pair);

// ---- implementation of the template ---------------------------------------------------------------------------------

template <class Visit>
void walk_cells(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after, Visit visit) {
  for (const SourcePairs::Pair& pair : pairs.all()) {
    const std::optional<IntentRow> old_row = before.row(pair.before->id);
    const std::optional<IntentRow> new_row = after.row(pair.after->id);
    if (!old_row || !new_row) continue;
    for (const IntentCell& old_cell : old_row->cells) {
      std::uint32_t port = old_cell.first_port;
      while (port <= old_cell.last_port) {
        const IntentCell& new_cell = new_row->cell(old_cell.protocol, static_cast<std::uint16_t>(port));
        const std::uint32_t last = std::min(old_cell.last_port, std::max(new_cell.last_port, old_cell.first_port));
        if (!visit(pair, old_cell, new_cell, static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(last)))
          return;
        port = last + 1;
      }
    }
  }
}

}  // namespace sextant::audit
