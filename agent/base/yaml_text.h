// Checks on the text of a YAML stream that yaml-cpp leaves out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sextant {

// The text is UTF-8 and holds only characters that YAML calls printable (1.2, 5.1). yaml-cpp replaces the others in
// silence, and takes U+0004 for the end of the text. Nor may the text end in a directive ("%..."), which would be left
// out. The error names line and column.
Result<> check_yaml_text(std::string_view text);

// Whether the scalar that the text begins with, maybe behind a tag and an anchor, is no quoted one or its quote is
// closed.
bool quote_ends(std::string_view text);

// What a message of yaml-cpp's means to the one who wrote the line (from 0) that it names.
std::string in_plain_words(std::string_view message, std::string_view text, std::size_t line);

// The text's lines, for questions about the places that yaml-cpp names.
class YamlLines {
 public:
  explicit YamlLines(std::string_view text) : text_(text) {}

  // Whether a document that is not the first may begin on this line (from 0, not before that of the last question): it
  // starts with '---'. A bare one behind '...' is YAML 1.2, but Kubernetes' reader leaves it out without a word.
  bool begins_document(std::size_t line);

 private:
  std::string_view text_;
  std::size_t line_ = 0;
  std::size_t begin_ = 0;  // of line_; npos beyond the end
};

}  // namespace sextant
