// Decodes one object of YAML, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "agent/model/objects.h"

namespace sextant::test {

inline Result<std::optional<Object>> decode_text(std::string_view text) {
  auto documents = parse_yaml(text);
  if (!documents) return because("YAML", documents.error());
  return decode(documents->at(0), Origin{.file = "test.yaml", .line = 1});
}

template <class T>
T decoded(std::string_view text) {
  auto object = decode_text(text);
  if (!object || !*object || !std::holds_alternative<T>(**object)) {
    ADD_FAILURE() << (object ? "ignored, or another kind" : object.error().what) << ":\n" << text;
    return {};
  }
  return std::get<T>(**object);
}

inline std::string decode_error(std::string_view text) {
  auto object = decode_text(text);
  EXPECT_FALSE(object) << text;
  return object ? "" : object.error().what;
}

inline bool ignored(std::string_view text) {
  auto object = decode_text(text);
  return object && !object->has_value();
}

template <class T>
std::vector<std::string> strings(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(value.to_string());
  return texts;
}

}  // namespace sextant::test
