#include "agent/base/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "agent/base/text.h"

namespace sextant {
namespace {

using Kind = Document::Kind;

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& words, std::string_view text) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> kNotInJson{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                      "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

bool digit(char c) { return c >= '0' && c <= '9'; }

Document scalar(Kind kind, std::string_view text) { return Document{.kind = kind, .text = std::string(text)}; }

Document string(std::string_view text) { return scalar(Kind::kString, text); }

Document boolean(bool value, std::string_view text) {
  Document d = scalar(Kind::kBool, text);
  d.boolean = value;
  return d;
}

Document integer(std::int64_t value, std::string_view text) {
  Document d = scalar(Kind::kInteger, text);
  d.integer = value;
  return d;
}

// Through JSON a float without a fraction is an integer again.
Document number(double value, std::string_view text) {
  constexpr double kExact = 9'007'199'254'740'992;  // 2^53: beyond, a double does not name one integer
  if (std::trunc(value) == value && std::abs(value) <= kExact) return integer(static_cast<std::int64_t>(value), text);
  Document d = scalar(Kind::kDouble, text);
  d.real = value;
  return d;
}

struct Digits {
  std::string_view text{};
  int base = 10;
};

// As Go's strconv.ParseInt with base 0, underscores already gone.
Digits base_of(std::string_view unsigned_text) {
  if (unsigned_text.size() < 2 || unsigned_text.front() != '0') return {.text = unsigned_text};
  switch (unsigned_text[1]) {
    case 'x':
    case 'X':
      return {.text = unsigned_text.substr(2), .base = 16};
    case 'o':
    case 'O':
      return {.text = unsigned_text.substr(2), .base = 8};
    case 'b':
    case 'B':
      return {.text = unsigned_text.substr(2), .base = 2};
    default:
      return {.text = unsigned_text.substr(1), .base = 8};
  }
}

std::optional<Document> as_integer(std::string_view digits_text, std::string_view text) {
  const bool negative = digits_text.starts_with('-');
  if (negative || digits_text.starts_with('+')) digits_text.remove_prefix(1);
  const Digits digits = base_of(digits_text);
  std::uint64_t magnitude = 0;
  const char* const end = digits.text.data() + digits.text.size();
  const auto [stop, error] = std::from_chars(digits.text.data(), end, magnitude, digits.base);
  if (stop != end || digits.text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    double wide = 0;
    if (digits.base != 10 || std::from_chars(digits.text.data(), end, wide).ec != std::errc{}) return string(text);
    return number(negative ? -wide : wide, text);
  }
  if (error != std::errc{}) return std::nullopt;
  constexpr std::uint64_t kSignBit = 1ULL << 63U;
  if (magnitude > kSignBit || (magnitude == kSignBit && !negative)) {
    const auto wide = static_cast<double>(magnitude);
    return number(negative ? -wide : wide, text);
  }
  return integer(static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude), text);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
  const auto skip_digits = [&] {
    std::size_t n = 0;
    while (n < text.size() && digit(text[n])) ++n;
    text.remove_prefix(n);
    return n;
  };
  const auto skip_sign = [&] {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  };
  skip_sign();
  const std::size_t whole = skip_digits();
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = skip_digits();
  }
  if (whole + fraction == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    skip_sign();
    if (skip_digits() == 0) return false;
  }
  return text.empty();
}

std::optional<Document> as_float(std::string_view digits_text, std::string_view text) {
  if (!looks_like_float(digits_text)) return std::nullopt;
  if (digits_text.starts_with('+')) digits_text.remove_prefix(1);
  double value = 0;
  const auto [stop, error] = std::from_chars(digits_text.data(), digits_text.data() + digits_text.size(), value);
  if (error != std::errc{}) return std::nullopt;  // 1e999: a string, as in Go
  return number(value, text);
}

Document numeric_or_string(std::string_view text) {
  std::string plain(text);
  if (text.front() != '.') std::erase(plain, '_');
  if (text.front() != '.') {
    if (auto value = as_integer(plain, text)) return *std::move(value);
  }
  if (auto value = as_float(plain, text)) return *std::move(value);
  return string(text);
}

}  // namespace

Result<Document> resolve_plain(std::string_view text) {
  if (one_of(kNull, text)) return scalar(Kind::kNull, text);
  const char c = text.front();
  if (digit(c) || c == '-' || c == '+' || c == '.') {
    if (one_of(kNotInJson, text)) return failure(quote(text) + " is no number that JSON can hold");
    return numeric_or_string(text);
  }
  if (text.size() > 5) return string(text);
  if (one_of(kTrue, text)) return boolean(true, text);
  if (one_of(kFalse, text)) return boolean(false, text);
  return string(text);
}

Result<Document> resolve_tagged(std::string_view tag, std::string_view text) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return string(text);
  const auto no_such = [&] { return failure("tag " + quote(tag) + " is none of YAML's core schema"); };
  if (!tag.starts_with(kCore)) return no_such();
  const std::string_view name = tag.substr(kCore.size());
  if (name != "int" && name != "float" && name != "bool" && name != "null") return no_such();
  auto value = resolve_plain(text);
  if (!value) return value;
  const Kind kind = value->kind;
  const bool fits = (name == "int" && kind == Kind::kInteger) || (name == "bool" && kind == Kind::kBool) ||
                    (name == "null" && kind == Kind::kNull) ||
                    (name == "float" && (kind == Kind::kInteger || kind == Kind::kDouble));
  if (!fits) return failure(quote(text) + " is no !!" + std::string(name));
  return value;
}

}  // namespace sextant
