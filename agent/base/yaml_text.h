// Checks on the text of a YAML stream before it is read.
#pragma once

#include <string_view>

#include "agent/base/result.h"

namespace sextant {

// The text is UTF-8 and holds only characters that YAML calls printable (1.2, 5.1). No document has more than 100
// directives: libyaml compares each with all before it. The error names line and column, which counts characters.
Result<> check_yaml_text(std::string_view text);

}  // namespace sextant
