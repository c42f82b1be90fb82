// Times as people write and read them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/base/result.h"

namespace sextant::app::cli {

// "250ms", "5s", "10m", "1h30m", "2d", "1w"; a bare 0 too. Errors show the form; longer than 100 years is one.
Result<std::chrono::milliseconds> duration_from(std::string_view text);

// A moment in the past, as the API takes it: "10m", "7d" before `now`, or RFC 3339.
Result<Time> since_from(std::string_view text, Time now);

// "2026-11-21T08:00:00Z".
std::string rfc3339(Time time);

// "5s", "3m", "2h", "4d": whole units, rounded down; "0s" for what lies in the future (clocks differ).
std::string age(Time then, Time now);
// "3m ago"; "now" within a second.
std::string ago(Time then, Time now);
// The local clock's "12:04:31".
std::string clock_text(Time time);

}  // namespace sextant::app::cli
