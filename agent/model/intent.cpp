#include "agent/model/intent.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace sextant {
namespace {

const IntentCell* find_cell(const std::vector<IntentCell>& cells, Protocol protocol, std::uint16_t port) {
  const auto starts = [](const IntentCell& c) { return std::pair(c.protocol, c.first_port); };
  const auto after = std::ranges::upper_bound(cells, std::pair(protocol, port), {}, starts);
  if (after == cells.begin()) return nullptr;
  const IntentCell& cell = *std::prev(after);
  return cell.protocol == protocol && port <= cell.last_port ? &cell : nullptr;
}

}  // namespace

bool PolicyRef::operator==(const PolicyRef& other) const {
  return std::tie(kind, ns, name, rule) == std::tie(other.kind, other.ns, other.name, other.rule);
}

std::string PolicyRef::to_string() const { return ObjectKey{.kind = kind, .ns = ns, .name = name}.to_string(); }

std::string_view to_string(Because because) {
  static constexpr std::array<std::string_view, 7> kNames{"rule",       "deny rule",    "default deny", "default allow",
                                                          "local host", "not enforced", "unknown"};
  return kNames.at(static_cast<std::size_t>(because));
}

const IntentCell& IntentRow::cell(Protocol protocol, std::uint16_t port) const {
  static const IntentCell kNone{.why = "nothing was computed for this protocol"};
  if (const IntentCell* own = find_cell(cells, protocol, port)) return *own;
  // Protocols without cells of their own share those of kAny.
  const IntentCell* any = find_cell(cells, Protocol::kAny, port);
  return any == nullptr ? kNone : *any;
}

const IntentRow* EndpointIntent::row(ClassId id) const {
  const auto found = std::ranges::find_if(rows, [id](const IntentRow& r) { return r.source && r.source->id == id; });
  return found == rows.end() ? nullptr : &*found;
}

PortMapOfClass::PortMapOfClass(std::initializer_list<Entry> entries) {
  for (const auto& [source, port_map] : entries) set(source, port_map);
}

void PortMapOfClass::set(ClassId source, std::uint32_t port_map) {
  const auto at = entries_.empty() || entries_.back().first < source
                      ? entries_.end()
                      : std::ranges::lower_bound(entries_, source, {}, &Entry::first);
  if (at != entries_.end() && at->first == source) {
    at->second = port_map;
  } else {
    entries_.insert(at, {source, port_map});
  }
}

std::optional<std::uint32_t> PortMapOfClass::find(ClassId source) const {
  const auto at = std::ranges::lower_bound(entries_, source, {}, &Entry::first);
  return at != entries_.end() && at->first == source ? std::optional(at->second) : std::nullopt;
}

}  // namespace sextant
