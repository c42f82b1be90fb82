// The daemon's log: lines on standard error, through spdlog's default logger, as text or as JSON.
//
// A line is one line whatever it holds: control characters are escaped, invalid UTF-8 replaced. Credentials that slip
// into a message (in a URL before '@', after "Bearer" or "Authorization: Basic") are blotted out; keep them out of
// messages all the same.
//
//   text: 2026-11-21T08:00:00.250Z warning uplink eth1 is gone
//   json: {"time":"2026-11-21T08:00:00.250Z","level":"warning","message":"uplink eth1 is gone"}
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/spdlog.h>

#include "agent/base/result.h"

namespace sextant::report {

enum class LogFormat : std::uint8_t { kText, kJson };

struct LogConfig {
  spdlog::level::level_enum level = spdlog::level::info;
  LogFormat format = LogFormat::kText;
};

// `level`: trace, debug, info, warning (or warn), error, critical, off. `format`: text, json. Errors name the word.
Result<LogConfig> log_config_from(std::string_view level, std::string_view format);

// From here on spdlog::info() and the like go to standard error as configured. May be called again.
void set_up_log(const LogConfig& config);

// What a line's message becomes before it is written; what set_up_log's formatters use.
std::string without_credentials(std::string_view message);
std::string one_line(std::string_view message);  // \n, \r, \t and other control characters escaped as \xNN, as in C

// For tests and for other sinks.
std::unique_ptr<spdlog::formatter> log_formatter(LogFormat format);

}  // namespace sextant::report
