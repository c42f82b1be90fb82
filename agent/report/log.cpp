#include "agent/report/log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <spdlog/sinks/stdout_sinks.h>

#include "agent/report/utf8.h"

namespace sextant::report {
namespace {

constexpr std::string_view kBlot = "***";

std::string time_text(spdlog::log_clock::time_point time) {
  using namespace std::chrono;
  const std::time_t seconds = spdlog::log_clock::to_time_t(time);
  const auto ms = duration_cast<milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  length +=
      static_cast<std::size_t>(std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(ms)));
  return {text, length};
}

std::string_view view_of(spdlog::string_view_t text) { return {text.data(), text.size()}; }

class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const std::string message = without_credentials(utf8(view_of(line.payload)));
    const std::string_view level = view_of(spdlog::level::to_string_view(line.level));
    std::string text = format_ == LogFormat::kJson
                           ? R"({"time":")" + time_text(line.time) + R"(","level":")" + std::string(level) +
                                 R"(","message":)" + boost::json::serialize(boost::json::string(message)) + '}'
                           : time_text(line.time) + ' ' + std::string(level) + ' ' + one_line(message);
    text += '\n';
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(format_); }

 private:
  LogFormat format_;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// "https://user:secret@host": what stands between "//" and "@" goes, as long as it is one word.
void blot_url_credentials(std::string& text) {
  for (std::size_t start = text.find("://"); start != std::string::npos; start = text.find("://", start)) {
    start += 3;
    const std::size_t end = text.find_first_of("/?# \t\n\"'@", start);
    if (end == std::string::npos || text[end] != '@') continue;
    text.replace(start, end - start, kBlot);
  }
}

// "Authorization: Bearer abc", "Basic abc=": the word after the scheme goes.
void blot_tokens(std::string& text, std::string_view scheme) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  for (auto at = text.begin();;) {
    const auto found = std::search(at, text.end(), scheme.begin(), scheme.end(), same);
    if (found == text.end()) return;
    const auto start = found - text.begin() + static_cast<std::ptrdiff_t>(scheme.size());
    const auto end = std::find_if(text.begin() + start, text.end(), is_space) - text.begin();
    text.replace(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start), kBlot);
    at = text.begin() + start;
  }
}

}  // namespace

Result<LogConfig> log_config_from(std::string_view level, std::string_view format) {
  static constexpr std::array kLevels{std::pair{std::string_view("trace"), spdlog::level::trace},
                                      std::pair{std::string_view("debug"), spdlog::level::debug},
                                      std::pair{std::string_view("info"), spdlog::level::info},
                                      std::pair{std::string_view("warning"), spdlog::level::warn},
                                      std::pair{std::string_view("warn"), spdlog::level::warn},
                                      std::pair{std::string_view("error"), spdlog::level::err},
                                      std::pair{std::string_view("critical"), spdlog::level::critical},
                                      std::pair{std::string_view("off"), spdlog::level::off}};
  const auto found = std::ranges::find(kLevels, level, [](const auto& pair) { return pair.first; });
  if (found == kLevels.end()) {
    return failure("log level '" + std::string(level) +
                   "' is none of trace, debug, info, warning, error, critical, off");
  }
  if (format != "text" && format != "json") {
    return failure("log format '" + std::string(format) + "' is neither text nor json");
  }
  return LogConfig{.level = found->second, .format = format == "json" ? LogFormat::kJson : LogFormat::kText};
}

void set_up_log(const LogConfig& config) {
  auto logger = std::make_shared<spdlog::logger>("sextant", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(log_formatter(config.format));
  logger->set_level(config.level);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

std::unique_ptr<spdlog::formatter> log_formatter(LogFormat format) { return std::make_unique<LineFormatter>(format); }

std::string without_credentials(std::string_view message) {
  std::string out(message);
  blot_url_credentials(out);
  blot_tokens(out, "bearer ");
  blot_tokens(out, "authorization: basic ");
  return out;
}

std::string one_line(std::string_view message) {
  std::string out;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x", byte);
    out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : escape;
  }
  return out;
}

}  // namespace sextant::report
