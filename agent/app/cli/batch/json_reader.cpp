#include "agent/app/cli/batch/json_reader.h"

#include <cctype>
#include <charconv>
#include <cstring>

#include "agent/base/document.h"
#include "agent/base/document_limits.h"
#include "agent/base/text.h"

namespace sextant::app::cli {
namespace {

// Eight characters at once: the high bit of each byte that a string cannot hold plainly.
constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
constexpr std::uint64_t zero_bytes(std::uint64_t w) { return (w - kOnes) & ~w & kHighs; }
constexpr std::uint64_t special_bytes(std::uint64_t w) {
  const std::uint64_t below_space = (w - kOnes * 0x20) & ~w & kHighs;
  return zero_bytes(w ^ kOnes * '"') | zero_bytes(w ^ kOnes * '\\') | below_space;
}

std::uint64_t eight(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void JsonReader::fail(std::string_view cause, std::size_t place) {
  if (!ok()) return;
  cause_ = cause;
  failed_at_ = place;
  at_ = end_;
}

Result<> JsonReader::result() const {
  if (ok()) return {};
  return failure("column " + std::to_string(failed_at_ + 1) + ": " + cause_);
}

bool JsonReader::take(char sign) {
  space();
  if (at_ == end_ || *at_ != sign) return false;
  ++at_;
  return true;
}

bool JsonReader::enter(char open, std::string_view what) {
  if (!take(open)) {
    fail(std::string(what) + " is expected");
    return false;
  }
  if (++depth_ > kMaxLevels) fail("more than " + std::to_string(kMaxLevels) + " levels");
  return ok();
}

bool JsonReader::leaves(char close) { return take(close); }

bool JsonReader::goes_on(char close) {
  if (take(',')) return true;
  if (!take(close)) fail(std::string("',' or '") + close + "' is expected");
  return false;
}

std::string_view JsonReader::string() {
  if (!take('"')) {
    fail("a string is expected");
    return {};
  }
  const char* first = at_;
  const bool plain = plain_string();
  if (!ok()) return {};
  if (plain) return {first, static_cast<std::size_t>(at_ - first - 1)};
  const Result<Document> document = parse_json({first - 1, static_cast<std::size_t>(at_ - first + 1)});
  if (!document) {
    at_ = first;
    fail("an escape in the string is wrong");
    return {};
  }
  unescaped_ = document->text;
  return unescaped_;
}

bool JsonReader::plain_string() {
  bool plain = true;
  while (ok()) {
    while (end_ - at_ >= 8 && special_bytes(eight(at_)) == 0) at_ += 8;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
    if (at_ == end_) {
      fail("the string does not end");
    } else if (*at_ == '"') {
      ++at_;
      return plain;
    } else if (*at_ == '\\') {
      plain = false;
      escape();
    } else {
      fail("a string cannot hold control characters");
    }
  }
  return false;
}

void JsonReader::escape() {
  ++at_;
  if (at_ == end_) return fail("the string does not end");
  if (*at_ == 'u') {
    for (int i = 0; i < 4; ++i) {
      ++at_;
      if (at_ == end_ || std::isxdigit(static_cast<unsigned char>(*at_)) == 0) return fail("\\u needs four digits");
    }
  } else if (std::string_view(R"("\/bfnrt)").find(*at_) == std::string_view::npos) {
    return fail("no such escape");
  }
  ++at_;
}

std::uint32_t JsonReader::integer(std::uint32_t most) {
  space();
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(at_, end_, value);
  if (error != std::errc() || value > most || (end - at_ > 1 && *at_ == '0') ||
      (end != end_ && (*end == '.' || *end == 'e' || *end == 'E'))) {
    fail("a whole number of at most " + std::to_string(most) + " is expected");
    return 0;
  }
  at_ = end;
  return value;
}

void JsonReader::number() {
  const auto digits = [&] {
    if (at_ == end_ || !is_digit(*at_)) fail("a value is expected");
    while (at_ != end_ && is_digit(*at_)) ++at_;
  };
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else {
    digits();
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    digits();
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    digits();
  }
}

void JsonReader::word(std::string_view expected) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(expected))
    return fail("a value is expected");
  at_ += expected.size();
}

void JsonReader::value() {
  space();
  if (at_ == end_) return fail("a value is expected");
  switch (*at_) {
    case '"':
      ++at_;
      plain_string();
      return;
    case '{':
      if (!enter('{', "a map")) return;
      for (bool more = !leaves('}'); more && ok(); more = goes_on('}')) {
        if (!take('"')) return fail("a string is expected");
        plain_string();
        if (!take(':')) fail("':' is expected");
        value();
      }
      --depth_;
      return;
    case '[':
      return items([&] { value(); });
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
  }
}

std::string_view JsonReader::skip() {
  space();
  const char* first = at_;
  value();
  if (!ok()) return {};
  return {first, static_cast<std::size_t>(at_ - first)};
}

void JsonReader::finish() {
  space();
  if (at_ != end_) fail("more than one JSON value");
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (text.size() - at >= 8 && (eight(text.data() + at) & kHighs) == 0) at += 8;
    if (at == text.size()) break;
    const CodePoint next = decode_utf8(text.substr(at));
    if (next.length == 0) return at;
    at += next.length;
  }
  return std::nullopt;
}

}  // namespace sextant::app::cli
