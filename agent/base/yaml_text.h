// Checks on the text of a YAML stream that yaml-cpp leaves out.
#pragma once

#include <cstddef>
#include <string_view>

#include "agent/base/result.h"

namespace sextant {

// The text is UTF-8 and holds only characters that YAML calls printable (1.2, 5.1). yaml-cpp replaces the others in silence, and
// takes U+0004 for the end of the text. The error names line and column.
Result<> check_yaml_text(std::string_view text);

// Whether a document that is not the first may begin on this line (from 0): the line starts with '---', or the last
// line before it that is neither blank nor a comment is the '...' that ends a document.
bool begins_document(std::string_view text, std::size_t line);

}  // namespace sextant
