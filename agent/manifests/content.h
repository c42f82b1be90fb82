// One file's text, as objects of the model.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/manifests/manifests.h"
#include "agent/model/objects.h"

namespace sextant::manifests {

// Either without problems, or without objects: a file counts as a whole.
struct Content {
  std::vector<Object> objects{};
  std::vector<Problem> problems{};
  std::size_t ignored = 0;
};

// Several documents; List and FooList are unrolled. `name` is the file's, for Origin and Problem.
Content parse_content(std::string_view text, const std::string& name);

}  // namespace sextant::manifests
