#include "agent/policy/reader.h"

#include <algorithm>

namespace sextant::policy {

std::string Path::to_string() const {
  std::string text = parent_ != nullptr ? parent_->to_string() : "";
  if (index_ != kNoIndex) return text + "[" + std::to_string(index_) + "]";
  if (!text.empty()) text += ".";
  return text + std::string(name_);
}

void Report::reject(const Path& path, std::string_view reason) {
  if (!rejection_) rejection_ = path.to_string() + ": " + std::string(reason);
}

void Report::note(const Path& path, std::string_view text) {
  notes_.push_back(path.to_string() + ": " + std::string(text));
}

namespace {

std::string wanted(std::string_view what, const Document& found) {
  return "must be " + std::string(what) + ", is " + std::string(Document::kind_name(found.kind));
}

}  // namespace

Fields::Fields(const Document& map, const Path& path, Report& report) : map_(map), path_(path), report_(report) {
  if (!map.is_map() && !map.is_null()) report.reject(path, wanted("a map", map));
}

const Document* Fields::list(std::string_view key) const {
  const Document* found = get(key);
  if (found == nullptr || found->is_list()) return found;
  report_.reject(path_ / key, wanted("a list", *found));
  return nullptr;
}

const Document* Fields::map(std::string_view key) const {
  const Document* found = get(key);
  if (found == nullptr || found->is_map()) return found;
  report_.reject(path_ / key, wanted("a map", *found));
  return nullptr;
}

std::string Fields::text(std::string_view key) const {
  const Document* found = get(key);
  if (found == nullptr) return {};
  if (found->is_string()) return found->text;
  report_.reject(path_ / key, wanted("a string", *found));
  return {};
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const Document* found = get(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind != Document::Kind::kInteger) {
    report_.reject(path_ / key, wanted("an integer", *found));
    return std::nullopt;
  }
  if (found->integer < least || found->integer > most) {
    report_.reject(path_ / key, "is out of range");
    return std::nullopt;
  }
  return found->integer;
}

std::optional<bool> Fields::boolean(std::string_view key) const {
  const Document* found = get(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == Document::Kind::kBool) return found->boolean;
  report_.reject(path_ / key, wanted("true or false", *found));
  return std::nullopt;
}

std::optional<std::vector<std::string>> Fields::texts(std::string_view key) const {
  const Document* found = list(key);
  if (found == nullptr) return std::nullopt;
  std::vector<std::string> result;
  result.reserve(found->items.size());
  const Path path = path_ / key;
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    const Document& item = found->items[i];
    if (!item.is_string() && !item.is_null()) report_.reject(path[i], wanted("a string", item));
    result.push_back(item.text);
  }
  return result;
}

void Fields::note_unknown(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, value] : map_.members) {
    if (std::ranges::find(known, key) == known.end()) {
      report_.note(path_ / key, "is no field that Cilium knows here; the API server prunes it in silence");
    }
  }
}

}  // namespace sextant::policy
