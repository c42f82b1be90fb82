// One value of the configuration, read with its place at hand: what the readers in config_keys.cpp are written with.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/app/config.h"
#include "agent/base/document.h"
#include "agent/base/ip.h"

namespace sextant::app {

// "10m", "1h30m", "250ms", "90d": whole numbers with a unit (ms, s, m, h, d), largest unit first or not. Errors say the
// form.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// Where a setting was written: a line of a file, or an option of the command line.
struct Place {
  std::string name{};  // of the file, or "--set KEY"
  bool is_override = false;
  std::string at(std::uint32_t line) const;  // "sextant.yaml:12", "--set api.listen"
};

// Getters leave `to` as it is where they report a problem, so that defaults stand in the structure alone.
class Value {
 public:
  Value(const Document& document, std::string key, const Place& place, std::vector<ConfigProblem>& problems)
      : document_(document), key_(std::move(key)), place_(place), problems_(problems) {}

  const Document& document() const { return document_; }
  const std::string& key() const { return key_; }
  void fail(std::string cause) const;

  void read(bool& to) const;
  void read(std::string& to) const;
  void read(std::filesystem::path& to) const;  // absolute
  void read(std::chrono::seconds& to, std::chrono::seconds least) const;
  void read(std::chrono::hours& to, std::chrono::hours least) const;
  void read(std::uint32_t& to, std::uint32_t least, std::uint32_t most) const;
  void read(std::vector<Prefix>& to) const;  // no host bits
  // One of the words; a boolean's spelling counts as its word (on, yes, ...).
  template <class T>
  void read_word(T& to, std::span<const std::pair<std::string_view, T>> words) const;

  // What the list holds. A single string of the command line is a list of one.
  std::vector<Value> items() const;
  std::optional<std::string> text() const;  // reports what is no string

 private:
  bool is(Document::Kind kind) const;
  std::optional<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds unit,
                                                    std::string_view unit_name) const;
  void fail_word(std::string_view got, const std::vector<std::string_view>& words) const;

  const Document& document_;
  std::string key_;
  const Place& place_;
  std::vector<ConfigProblem>& problems_;
};

template <class T>
void Value::read_word(T& to, std::span<const std::pair<std::string_view, T>> words) const {
  const std::string_view got = document_.kind == Document::Kind::kBool ? (document_.boolean ? "true" : "false")
                                                                       : std::string_view(document_.text);
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) {
    known.push_back(word);
    if (got != word || document_.is_list() || document_.is_map()) continue;
    to = value;
    return;
  }
  fail_word(got, known);
}

}  // namespace sextant::app
