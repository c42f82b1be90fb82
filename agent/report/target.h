// A request's target taken apart: path and query parameters, percent-decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"

namespace sextant::report {

struct Target {
  std::string path{};
  std::vector<std::pair<std::string, std::string>> parameters{};  // in the order given
};

// Takes the origin form ("/a?b=c") and the absolute form ("http://host/a?b=c", RFC 9112 3.2.2). '+' stands for itself,
// so that RFC 3339 offsets and names survive. Errors: another form, a broken escape, a control character.
Result<Target> parse_target(std::string_view target);

// Whether a Host header may be served on a loopback listener. A page of another site that rebinds its own name to ::1
// still sends that name: names other than localhost and those given are refused; addresses and an empty host are not.
bool host_allowed(std::string_view host, const std::vector<std::string>& names);

}  // namespace sextant::report
