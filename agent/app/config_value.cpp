#include "agent/app/config_value.h"

#include <array>
#include <charconv>
#include <limits>

#include "agent/base/text.h"

namespace sextant::app {
namespace {

using Kind = Document::Kind;
using std::chrono::milliseconds;

struct Unit {
  std::string_view name{};
  std::int64_t ms = 0;
};
constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                            Unit{"d", 86'400'000}};
constexpr std::int64_t kLongest = 100 * 365 * kUnits.back().ms;  // a century; sums of it do not overflow

const Unit* take_unit(std::string_view& text) {
  for (const Unit& unit : kUnits) {  // "ms" before "m"
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  const std::string_view whole = text;
  const auto wrong = [&] {
    return failure(quote(whole) + " is no duration: '250ms', '60s', '10m', '1h30m', '90d' are");
  };
  if (text.empty()) return wrong();
  std::int64_t sum = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    if (text.front() < '0' || text.front() > '9') return wrong();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return wrong();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Unit* unit = take_unit(text);
    if (unit == nullptr) return wrong();
    if (number > kLongest / unit->ms || sum + number * unit->ms > kLongest) {
      return failure(quote(whole) + " is longer than a century");
    }
    sum += number * unit->ms;
  }
  return milliseconds(sum);
}

std::string Place::at(std::uint32_t line) const {
  return is_override || line == 0 ? name : name + ":" + std::to_string(line);
}

void Value::fail(std::string cause) const {
  problems_.push_back({.where = place_.at(document_.line), .key = key_, .cause = std::move(cause)});
}

bool Value::is(Kind kind) const {
  if (document_.kind == kind) return true;
  fail(std::string(Document::kind_name(kind)) + " is wanted, not " + std::string(Document::kind_name(document_.kind)));
  return false;
}

std::optional<std::string> Value::text() const {
  if (!is(Kind::kString)) return std::nullopt;
  return document_.text;
}

void Value::read(bool& to) const {
  if (is(Kind::kBool)) to = document_.boolean;
}

void Value::read(std::string& to) const {
  if (auto got = text()) to = *std::move(got);
}

void Value::read(std::filesystem::path& to) const {
  const auto got = text();
  if (!got) return;
  if (!got->starts_with('/')) return fail(quote(*got) + " is no absolute path");
  to = *got;
}

std::optional<milliseconds> Value::duration(milliseconds least, milliseconds unit, std::string_view unit_name) const {
  const bool bare_number = document_.kind == Kind::kInteger || document_.kind == Kind::kDouble;
  const auto got = bare_number ? std::optional(document_.text) : text();
  if (!got) return std::nullopt;
  auto parsed = parse_duration(*got);
  if (!parsed) {
    fail(parsed.error().what);
  } else if (*parsed < least) {
    fail(quote(*got) + " is too short: at least " + std::to_string(least / unit) + " " + std::string(unit_name));
  } else if (*parsed % unit != milliseconds::zero()) {
    fail(quote(*got) + " does not come to whole " + std::string(unit_name));
  } else {
    return *parsed;
  }
  return std::nullopt;
}

void Value::read(std::chrono::seconds& to, std::chrono::seconds least) const {
  if (const auto got = duration(least, std::chrono::seconds(1), "seconds"))
    to = duration_cast<std::chrono::seconds>(*got);
}

void Value::read(std::chrono::hours& to, std::chrono::hours least) const {
  if (const auto got = duration(least, std::chrono::hours(1), "hours")) to = duration_cast<std::chrono::hours>(*got);
}

void Value::read(std::uint32_t& to, std::uint32_t least, std::uint32_t most) const {
  if (!is(Kind::kInteger)) return;
  if (std::cmp_less(document_.integer, least) || std::cmp_greater(document_.integer, most)) {
    return fail(std::to_string(document_.integer) + " is not from " + std::to_string(least) + " to " +
                std::to_string(most));
  }
  to = static_cast<std::uint32_t>(document_.integer);
}

void Value::read(std::vector<Prefix>& to) const {
  std::vector<Prefix> prefixes;
  for (const Value& item : items()) {
    const auto got = item.text();
    if (!got) continue;
    bool had_host_bits = false;
    auto prefix = Prefix::parse(*got, &had_host_bits);
    if (!prefix) {
      item.fail(prefix.error().what);
    } else if (had_host_bits) {
      item.fail(quote(*got) + " has bits set behind its length: the prefix is " + prefix->to_string());
    } else {
      prefixes.push_back(*prefix);
    }
  }
  to = std::move(prefixes);
}

std::vector<Value> Value::items() const {
  std::vector<Value> values;
  if (place_.is_override && document_.is_string()) {
    values.push_back(*this);
    return values;
  }
  if (!is(Kind::kList)) return values;
  for (std::size_t i = 0; i < document_.items.size(); ++i) {
    values.emplace_back(document_.items[i], key_ + "[" + std::to_string(i) + "]", place_, problems_);
  }
  return values;
}

void Value::fail_word(std::string_view got, const std::vector<std::string_view>& words) const {
  if (document_.is_list() || document_.is_map()) {
    is(Kind::kString);
    return;
  }
  std::string known;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) known += i + 1 == words.size() ? " or " : ", ";
    known += words[i].empty() ? "''" : std::string(words[i]);
  }
  fail(quote(got) + " is none of " + known);
}

}  // namespace sextant::app
