// Whether Go's regexp package would compile a pattern: Cilium refuses policies whose HTTP rules it does not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sextant::policy {

// Syntax of Go's regexp (RE2, Perl flags). nullopt: it compiles; else what is wrong.
std::optional<std::string> regex_error(std::string_view pattern);

}  // namespace sextant::policy
