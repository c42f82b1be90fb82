#include "agent/report/target.h"

#include <algorithm>
#include <optional>

#include "agent/base/ip.h"
#include "agent/report/ascii.h"

namespace sextant::report {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return failure("the target holds a broken percent escape");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return failure("the target holds a control character");
    out += c;
  }
  return out;
}

// The path and query of an absolute form; std::nullopt for other forms.
std::optional<std::string_view> origin_form(std::string_view target) {
  if (target.starts_with('/')) return target;
  if (!target.starts_with("http://")) return std::nullopt;
  target.remove_prefix(std::string_view("http://").size());
  const std::size_t end = target.find_first_of("/?");
  if (end == std::string_view::npos) return "/";
  if (target[end] == '?') return std::nullopt;
  return target.substr(end);
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  const std::optional<std::string_view> origin = origin_form(text);
  if (!origin) return failure("the target is no path");
  const std::size_t mark = origin->find('?');
  Result<std::string> path = decode(origin->substr(0, mark));
  if (!path) return Failure(path.error());
  Target out{.path = std::move(*path)};
  if (mark == std::string_view::npos) return out;
  std::string_view query = origin->substr(mark + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    Result<std::string> name = decode(pair.substr(0, equals));
    Result<std::string> value = decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name) return Failure(name.error());
    if (!value) return Failure(value.error());
    out.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

bool host_allowed(std::string_view host, const std::vector<std::string>& names) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view address = host.substr(1, end - 1);
    return IpAddress::parse(address.substr(0, address.find('%'))).has_value();
  }
  const std::string_view name = host.substr(0, host.find(':'));
  return name.empty() || same_word(name, "localhost") || IpAddress::parse(name).has_value() ||
         std::ranges::any_of(names, [name](const std::string& other) { return same_word(name, other); });
}

}  // namespace sextant::report
