// Reading policy objects as Go's JSON decoding does: a field of the wrong type refuses the object, null counts as
// missing, and a missing list differs from an empty one. What is refused or not understood goes to a Report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/document.h"

namespace sextant::policy {

// "spec.ingress[0].toPorts[1]". Cheap to extend: it is only put together when something is wrong.
class Path {
 public:
  explicit Path(std::string_view name) : name_(name) {}
  Path operator/(std::string_view name) const { return Path(this, name, kNoIndex); }
  Path operator[](std::size_t index) const { return Path(this, {}, index); }
  std::string to_string() const;

 private:
  static constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);
  Path(const Path* parent, std::string_view name, std::size_t index) : parent_(parent), name_(name), index_(index) {}

  const Path* parent_ = nullptr;  // outlives this one: paths live on the stack of the reading functions
  std::string_view name_;
  std::size_t index_ = kNoIndex;
};

// What is wrong with one object.
class Report {
 public:
  // Cilium refuses the whole object; the first reason is kept.
  void reject(const Path& path, std::string_view reason);
  // A part of the object has no effect, or none that can be computed.
  void note(const Path& path, std::string_view text);

  bool rejected() const { return rejection_.has_value(); }
  const std::optional<std::string>& rejection() const { return rejection_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::optional<std::string> rejection_{};
  std::vector<std::string> notes_{};
};

// Members of a map, typed. Each rejects when the member is there and of another type.
class Fields {
 public:
  Fields(const Document& map, const Path& path, Report& report);

  const Document* list(std::string_view key) const;  // nullptr: missing
  const Document* map(std::string_view key) const;
  std::string text(std::string_view key) const;  // empty when missing
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::vector<std::string>> texts(std::string_view key) const;  // nullopt: missing
  // Notes members that are not in `known`: the API server prunes them.
  void note_unknown(std::initializer_list<std::string_view> known) const;

 private:
  const Document* get(std::string_view key) const { return map_.get(key); }

  const Document& map_;
  const Path& path_;
  Report& report_;
};

}  // namespace sextant::policy
