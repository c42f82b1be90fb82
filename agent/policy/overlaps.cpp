#include "agent/policy/overlaps.h"

#include <algorithm>
#include <set>

namespace sextant::policy {
namespace {

constexpr std::uint32_t kPastLastPort = 65536;

bool concerns(const SubjectPolicy& subject, const Sight* sight, std::size_t item) {
  return sight == nullptr || sight->concerns(subject, item) ||
         std::ranges::any_of(sight->instead, [&](const Sight& other) { return other.concerns(subject, item); });
}

}  // namespace

std::vector<std::uint32_t> edges(const SubjectPolicy& subject, Protocol protocol) {
  std::vector<std::uint32_t> found{0};
  for (const Item& item : subject.items) {
    if (item.protocol != protocol) continue;
    found.push_back(item.first_port);
    found.push_back(item.last_port + 1U);
    // What authentication a port asks for depends on how far its range is from it in the map's prefixes.
    if (!subject.authenticates) continue;
    for (std::uint32_t port = item.first_port; port <= item.last_port;) {
      std::uint32_t size = 1;
      while (port % (size * 2) == 0 && port + size * 2 - 1 <= item.last_port) size *= 2;
      port += size;
      found.push_back(port);
    }
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  if (found.back() == kPastLastPort) found.pop_back();
  return found;
}

std::uint64_t overlaps(const SubjectPolicy& subject, const Sight* sight) {
  SubjectPolicy seen{.authenticates = subject.authenticates};
  std::set<Protocol> protocols;
  std::uint64_t everywhere = 0;
  for (std::size_t i = 0; i < subject.items.size(); ++i) {
    const Item& item = subject.items[i];
    if (!concerns(subject, sight, i)) continue;
    if (item.protocol == Protocol::kAny) {
      ++everywhere;
      continue;
    }
    seen.items.push_back({.protocol = item.protocol, .first_port = item.first_port, .last_port = item.last_port});
    protocols.insert(item.protocol);
  }
  std::uint64_t sum = 0;
  for (const Protocol protocol : protocols) {
    const std::vector<std::uint32_t> places = edges(seen, protocol);
    const auto index_of = [&](std::uint32_t port) {
      return static_cast<std::uint64_t>(std::ranges::lower_bound(places, port) - places.begin());
    };
    sum += everywhere * places.size();
    for (const Item& item : seen.items) {
      if (item.protocol == protocol) sum += index_of(item.last_port + 1U) - index_of(item.first_port);
    }
  }
  return sum;
}

bool too_many_overlaps(const SubjectPolicy& subject, const Sight& sight) {
  return subject.overlaps > kMostOverlaps && overlaps(subject, &sight) > kMostOverlaps;
}

}  // namespace sextant::policy
