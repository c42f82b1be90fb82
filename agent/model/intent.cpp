#include "agent/model/intent.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
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

SourceClasses::SourceClasses(std::vector<std::shared_ptr<const SourceClass>> by_name)
    : by_name_(std::move(by_name)), by_id_(by_name_.size()) {
  std::iota(by_id_.begin(), by_id_.end(), 0U);
  std::ranges::sort(by_id_, {}, [&](std::uint32_t at) { return by_name_[at]->id; });
}

std::optional<std::size_t> SourceClasses::find(ClassId id) const {
  const auto at = std::ranges::lower_bound(by_id_, id, {}, [&](std::uint32_t i) { return by_name_[i]->id; });
  if (at == by_id_.end() || by_name_[*at]->id != id) return std::nullopt;
  return *at;
}

IntentRows::IntentRows(std::shared_ptr<const SourceClasses> classes, SharedList<SharedCells> cells,
                       std::vector<std::uint32_t> cells_of) {
  if (cells_of.empty()) return;
  list_ = std::make_shared<const List>(std::move(classes), std::move(cells), std::move(cells_of));
}

IntentRows::IntentRows(const std::vector<IntentRow>& rows) {
  std::vector<std::shared_ptr<const SourceClass>> classes;
  std::vector<SharedCells> cells;
  std::vector<std::uint32_t> cells_of;
  std::map<const void*, std::uint32_t> numbers;
  for (const IntentRow& row : rows) {
    const auto [number, is_new] = numbers.try_emplace(row.cells.identity(), static_cast<std::uint32_t>(cells.size()));
    if (is_new) cells.push_back(row.cells);
    cells_of.push_back(number->second);
    classes.push_back(row.source);
  }
  *this = IntentRows(std::make_shared<const SourceClasses>(std::move(classes)), std::move(cells), std::move(cells_of));
}

IntentRow IntentRows::operator[](std::size_t i) const {
  return {.source = (*list_->classes)[i], .cells = list_->cells[list_->cells_of[i]]};
}

std::optional<IntentRow> IntentRows::find(ClassId id) const {
  if (empty()) return std::nullopt;
  const std::optional<std::size_t> at = list_->classes->find(id);
  return at ? std::optional((*this)[*at]) : std::nullopt;
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
