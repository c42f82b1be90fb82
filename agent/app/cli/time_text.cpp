#include "agent/app/cli/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "agent/app/cli/text.h"
#include "agent/report/filter.h"

namespace sextant::app::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLongest = std::chrono::years{100};

struct Unit {
  std::string_view name;
  milliseconds length;
};
// "ms" before "m": the first name that matches is taken.
constexpr std::array kUnits{
    Unit{"ms", milliseconds{1}},      Unit{"s", seconds{1}},           Unit{"m", std::chrono::minutes{1}},
    Unit{"h", std::chrono::hours{1}}, Unit{"d", std::chrono::days{1}}, Unit{"w", std::chrono::weeks{1}},
};

std::string formatted(const char* format, const std::tm& time) {
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &time)};
}

}  // namespace

Result<milliseconds> duration_from(std::string_view text) {
  const auto wrong = [&] { return failure(in_quotes(text) + " is no duration: 5s, 10m, 1h30m or 2d is expected"); };
  if (text == "0") return milliseconds{0};
  if (text.empty()) return wrong();
  milliseconds sum{0};
  for (std::string_view rest = text; !rest.empty();) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc::result_out_of_range) return failure(in_quotes(text) + " is longer than 100 years");
    if (error != std::errc() || number < 0) return wrong();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const Unit* unit = nullptr;
    for (const auto& candidate : kUnits) {
      if (unit == nullptr && rest.starts_with(candidate.name)) unit = &candidate;
    }
    if (unit == nullptr) return wrong();
    if (number > (kLongest - sum) / unit->length) return failure(in_quotes(text) + " is longer than 100 years");
    sum += number * unit->length;
    rest.remove_prefix(unit->name.size());
  }
  return sum;
}

Result<Time> since_from(std::string_view text, Time now) {
  if (const auto time = report::time_from(text, now)) return *time;
  return failure(in_quotes(text) + " is no time: so long ago (90s, 10m, 24h, 7d) or 2026-11-21T08:00:00Z is expected");
}

std::string rfc3339(Time time) {
  const std::time_t t = std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(time));
  std::tm utc{};
  ::gmtime_r(&t, &utc);
  return formatted("%Y-%m-%dT%H:%M:%SZ", utc);
}

std::string age(Time then, Time now) {
  const auto s = std::max(std::chrono::floor<seconds>(now - then), seconds{0});
  if (s < std::chrono::minutes{1}) return std::to_string(s.count()) + "s";
  if (s < std::chrono::hours{1}) return std::to_string(std::chrono::floor<std::chrono::minutes>(s).count()) + "m";
  if (s < std::chrono::days{1}) return std::to_string(std::chrono::floor<std::chrono::hours>(s).count()) + "h";
  return std::to_string(std::chrono::floor<std::chrono::days>(s).count()) + "d";
}

std::string ago(Time then, Time now) { return now - then < seconds{1} ? "now" : age(then, now) + " ago"; }

std::string clock_text(Time time) {
  const std::time_t t = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  ::localtime_r(&t, &local);
  return formatted("%H:%M:%S", local);
}

}  // namespace sextant::app::cli
