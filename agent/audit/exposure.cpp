// What the internet can reach, by intent: exposures_of().
#include <algorithm>
#include <map>
#include <set>

#include "agent/audit/auditor.h"
#include "agent/audit/exposure.h"
#include "agent/audit/source_set.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// Classes with one verdict, for one reason, on one range of ports.
struct Group {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  std::vector<std::shared_ptr<const SourceClass>> classes{};
  std::vector<PolicyRef> policies{};
  std::vector<std::string> reasons{};

  bool continues(const Group& before) const {
    return protocol == before.protocol && first_port == before.last_port + 1 && verdict == before.verdict &&
           because == before.because && classes == before.classes && policies == before.policies &&
           reasons == before.reasons;
  }
};

template <class T>
void add_once(std::vector<T>& to, const T& value) {
  if (std::ranges::find(to, value) == to.end()) to.push_back(value);
}

std::set<Protocol> protocols_of(const EndpointIntent& intent) {
  std::set<Protocol> protocols;
  for (const IntentRow& row : intent.rows) {
    for (const IntentCell& cell : row.cells) protocols.insert(cell.protocol);
  }
  return protocols;
}

// The first ports of ranges in which no class's verdict changes.
std::set<std::uint16_t> beginnings(const EndpointIntent& intent, Protocol protocol) {
  std::set<std::uint16_t> ports{0};
  for (const IntentRow& row : intent.rows) {
    if (!row.source->is_public) continue;
    for (const IntentCell& cell : row.cells) {
      if (cell.protocol == protocol) ports.insert(cell.first_port);
    }
  }
  return ports;
}

std::vector<Group> groups_at(const EndpointIntent& intent, Protocol protocol, std::uint16_t first, std::uint16_t last) {
  std::vector<Group> groups;
  for (const IntentRow& row : intent.rows) {
    const IntentCell& cell = row.cell(protocol, first);
    if (!row.source->is_public || cell.verdict == Verdict::kDeny) continue;
    auto group = std::ranges::find_if(
        groups, [&](const Group& g) { return g.verdict == cell.verdict && g.because == cell.because; });
    if (group == groups.end()) {
      group = groups.insert(group, {.protocol = protocol,
                                    .first_port = first,
                                    .last_port = last,
                                    .verdict = cell.verdict,
                                    .because = cell.because});
    }
    group->classes.push_back(row.source);
    for (const PolicyRef& policy : cell.policies) add_once(group->policies, policy);
    add_once(group->reasons, cell.why.empty() ? std::string(to_string(cell.because)) : cell.why);
  }
  return groups;
}

std::vector<Group> groups_of(const EndpointIntent& intent) {
  std::vector<Group> all;
  for (const Protocol protocol : protocols_of(intent)) {
    const std::set<std::uint16_t> ports = beginnings(intent, protocol);
    std::vector<Group> open;  // those that end where the next range begins
    for (auto port = ports.begin(); port != ports.end(); ++port) {
      const auto after = std::next(port);
      const auto last = static_cast<std::uint16_t>(after == ports.end() ? 65535 : *after - 1);
      std::vector<Group> here = groups_at(intent, protocol, *port, last);
      for (Group& group : here) {
        const auto before = std::ranges::find_if(open, [&](const Group& g) { return group.continues(g); });
        if (before == open.end()) continue;
        group.first_port = before->first_port;
        open.erase(before);
      }
      all.insert(all.end(), open.begin(), open.end());
      open = std::move(here);
    }
    all.insert(all.end(), open.begin(), open.end());
  }
  std::ranges::stable_sort(all, {}, [](const Group& g) { return std::pair(rank(g.protocol), g.first_port); });
  return all;
}

}  // namespace

std::vector<Exposure> exposures_of(const EndpointIntent& intent, const EndpointDetail& endpoint) {
  std::vector<Exposure> exposures;
  std::map<std::vector<ClassId>, SourceSet> sets;  // few sets of classes, many ranges of ports
  for (Group& group : groups_of(intent)) {
    std::vector<ClassId> ids;
    for (const auto& source : group.classes) ids.push_back(source->id);
    auto set = sets.find(ids);
    if (set == sets.end()) set = sets.emplace(std::move(ids), union_of(group.classes)).first;
    exposures.push_back({.endpoint = endpoint,
                         .protocol = group.protocol,
                         .first_port = group.first_port,
                         .last_port = group.last_port,
                         .verdict = group.verdict,
                         .because = group.because,
                         .prefixes = set->second.prefixes,
                         .except = set->second.except,
                         .world = set->second.world,
                         .reason = texts::list(group.reasons, 2),
                         .policies = std::move(group.policies)});
  }
  return exposures;
}

std::vector<Exposure> with_listeners(std::vector<Exposure> exposures, const PortViews* listening) {
  if (listening == nullptr) return exposures;
  const ListeningView nothing{.verdict = Verdict::kDeny};
  std::vector<Exposure> split;
  for (const Exposure& whole : exposures) {
    if (!has_ports(whole.protocol)) {
      split.push_back(whole);
      continue;
    }
    const auto add = [&](std::uint32_t first, std::uint32_t last, const ListeningView& view) {
      Exposure part = whole;
      part.first_port = static_cast<std::uint16_t>(first);
      part.last_port = static_cast<std::uint16_t>(last);
      part.listening = view;
      split.push_back(std::move(part));
    };
    std::uint32_t next = whole.first_port;
    auto port = listening->lower_bound({whole.protocol, whole.first_port});
    for (; port != listening->end() && port->first <= PortKey{whole.protocol, whole.last_port}; ++port) {
      const std::uint32_t here = port->first.second;
      if (here > next) add(next, here - 1, nothing);
      add(here, here, port->second);
      next = here + 1;
    }
    if (next <= whole.last_port) add(next, whole.last_port, nothing);
  }
  std::ranges::stable_sort(split, {}, [](const Exposure& e) { return std::pair(rank(e.protocol), e.first_port); });
  return split;
}

}  // namespace sextant::audit
