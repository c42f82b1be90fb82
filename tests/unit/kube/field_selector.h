// The API server's field selectors: "spec.nodeName!=n1,status.phase!=Failed".
#pragma once

#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/document.h"

namespace sextant::kube::test {

class FieldSelector {
 public:
  explicit FieldSelector(std::string_view text) {
    for (const auto part : std::views::split(text, ',')) {
      const std::string_view requirement(part.begin(), part.end());
      const auto equals = requirement.find('=');
      if (equals == std::string_view::npos) continue;
      const bool differs = requirement[equals - 1] == '!';
      requirements_.push_back({.path = std::string(requirement.substr(0, equals - (differs ? 1 : 0))),
                               .value = std::string(requirement.substr(equals + 1)),
                               .differs = differs});
    }
  }

  bool matches(const std::string& object) const {
    if (requirements_.empty()) return true;
    const auto document = parse_json(object);
    for (const Requirement& requirement : requirements_)
      if ((value_at(*document, requirement.path) == requirement.value) == requirement.differs) return false;
    return true;
  }

 private:
  struct Requirement {
    std::string path{};
    std::string value{};
    bool differs = false;
  };

  static std::string value_at(const Document& object, std::string_view path) {
    const Document* at = &object;
    for (const auto part : std::views::split(path, '.')) {
      at = at == nullptr ? nullptr : at->get(std::string_view(part.begin(), part.end()));
    }
    return at == nullptr ? std::string() : at->text;
  }

  std::vector<Requirement> requirements_{};
};

}  // namespace sextant::kube::test
