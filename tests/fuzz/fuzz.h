// What the fuzz targets share: the input as text, and promises that abort when they are broken.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "agent/base/document.h"
#include "agent/policy/engine.h"

namespace sextant::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};  // NOLINT(*-reinterpret-cast): bytes are characters
}

// libFuzzer keeps the input of a process that aborts.
inline void require(bool kept, std::string_view promise, std::string_view seen = {}) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %.*s: %.*s\n", static_cast<int>(promise.size()), promise.data(),
               static_cast<int>(seen.size()), seen.data());
  std::abort();
}

// What document.h promises of every value.
inline void require_sound(const Document& document, std::size_t level = 1) {
  require(level <= 101, "at most 100 levels");
  require(document.is_list() || document.items.empty(), "only a list has items");
  require(document.is_map() || document.members.empty(), "only a map has members");
  for (const Document& item : document.items) require_sound(item, level + 1);
  std::set<std::string_view> keys;
  for (const auto& [key, value] : document.members) {
    require(keys.insert(key).second, "keys are unique", key);
    require_sound(value, level + 1);
  }
}

// And of every error.
inline void require_placed(const Error& error) {
  const TextError read = text_error(error);
  require(read.line != 0 && !read.cause.empty(), "an error names line and cause", error.what);
}

inline constexpr std::array kReleases{policy::Release::k1_17_0, policy::Release::k1_18_6, policy::Release::k1_19_3,
                                      policy::Release::k1_20_2};

// The options of a cluster, in the character behind a '#' that begins the text: a comment in YAML.
inline policy::Options options_of(std::string_view text) {
  const unsigned bits = text.size() > 1 && text.front() == '#' ? static_cast<unsigned char>(text[1]) : 0;
  policy::Options options{.release = kReleases[bits % kReleases.size()]};
  options.dual_stack = (bits & 4U) != 0;
  options.enable_host_firewall = (bits & 8U) != 0;
  options.enable_policy = (bits & 0x10U) == 0 ? policy::EnablePolicy::kDefault : policy::EnablePolicy::kAlways;
  options.policy_cidr_match_nodes = (bits & 0x20U) != 0;
  options.enable_node_selector_labels = (bits & 0x40U) != 0;
  return options;
}

}  // namespace sextant::fuzz
