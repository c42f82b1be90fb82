// A JSON-like value that remembers where it was written: what YAML manifests, the configuration, and
// objects of the API server are before they become values of the model.
//
// The difference between a missing key, null, [] and {} is kept, for Cilium's policies depend on it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"

namespace sextant {

class Document {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInteger, kDouble, kString, kList, kMap };
  using Member = std::pair<std::string, Document>;

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::int64_t integer = 0;       // kInteger
  double real = 0;                // kDouble
  std::string text{};             // kString; for scalars of YAML also the spelling of the others ("010", "0x50")
  std::vector<Document> items{};  // kList
  std::vector<Member> members{};  // kMap, in the order written; keys are unique
  std::uint32_t line = 0;         // from 1; 0 when unknown
  std::uint32_t column = 0;       // from 1; 0 when unknown
  std::uint32_t key_line = 0;     // of a map's member: the line of its key; 0 when unknown

  bool is_null() const { return kind == Kind::kNull; }
  bool is_string() const { return kind == Kind::kString; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }

  bool operator==(const Document&) const = default;  // positions count: messages tell them

  // The member's value; nullptr when this is no map or has no such key. A null value is found.
  const Document* find(std::string_view key) const;
  // Like find, but a null value is nullptr too, as Go's decoding has it.
  const Document* get(std::string_view key) const;
  // Follows get() through "metadata", "labels"...
  const Document* at(std::initializer_list<std::string_view> path) const;

  std::string_view string_or(std::string_view otherwise) const;
  // The member's string; empty when absent or no string.
  std::string_view string_at(std::string_view key) const;

  static std::string_view kind_name(Kind kind);  // "a map", "a list", "a string"...
};

// Reads every document of a YAML stream (JSON is YAML; libyaml). Errors name line, column and cause: a key twice names
// both lines; so are more than 100 levels, a million values or 64 MiB (what aliases repeat included), tags beyond the
// core schema. Plain scalars are what sigs.k8s.io/yaml makes of them, as Kubernetes reads manifests: yes, no, on, off
// are booleans, 010 is 8 (yaml_scalar.h). A document that holds nothing is a null.
Result<std::vector<Document>> parse_yaml(std::string_view text);

// Reads one JSON value (Boost.JSON). Positions are 0. Errors name line, column and cause; a key twice and the limits of
// parse_yaml are errors. Integers beyond 64 bits signed are doubles.
Result<Document> parse_json(std::string_view text);

// An error of parse_yaml, parse_json or the model's decode(), with the line taken out of its words. Line 0: it names
// none.
struct TextError {
  std::uint32_t line = 0;
  std::string cause{};
};
TextError text_error(const Error& error);

}  // namespace sextant
