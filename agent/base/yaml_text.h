// Checks on the text of a YAML stream that yaml-cpp leaves out.
#pragma once

#include <cstddef>
#include <string_view>

#include "agent/base/result.h"

namespace sextant {

// The text is UTF-8 and holds only characters that YAML calls printable (1.2, 5.1). yaml-cpp replaces the others in silence, and
// takes U+0004 for the end of the text. The error names line and column.
Result<> check_yaml_text(std::string_view text);

// Tells whether documents that are not the first may begin where they do. Walks the text once, over all questions.
class DocumentStarts {
 public:
  explicit DocumentStarts(std::string_view text) : text_(text) {}

  // `line` is from 0 and not before that of the last question. True when it starts with '---', or the last line before it that is
  // neither blank nor a comment is the '...' that ends a document.
  bool allows(std::size_t line);

 private:
  std::string_view text_;
  std::size_t line_ = 0;
  std::size_t begin_ = 0;  // of line_; npos beyond the end
};

}  // namespace sextant
