#include "agent/app/cli/io.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>

#include <sys/ioctl.h>
#include <unistd.h>

namespace sextant::app::cli {
namespace {

constexpr std::size_t kNarrowest = 20;
constexpr std::size_t kPiped = 100;  // columns when nobody says

std::string_view env_text(const Io& io, const char* name) {
  const char* value = io.env ? io.env(name) : nullptr;
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

std::optional<std::size_t> columns_in_env(const Io& io) {
  const std::string_view text = env_text(io, "COLUMNS");
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  if (error != std::errc() || end != text.data() + text.size() || columns == 0) return std::nullopt;
  return columns;
}

std::optional<std::size_t> terminal_columns(int fd) {
  if (::isatty(fd) == 0) return std::nullopt;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Io standard_io(const Clock& clock) {
  return {.in = std::cin,
          .in_fd = STDIN_FILENO,
          .out = std::cout,
          .err = std::cerr,
          .clock = clock,
          .env = [](const char* name) -> const char* { return std::getenv(name); },
          .columns = terminal_columns(STDOUT_FILENO),
          .pause =
              [](std::chrono::milliseconds time) {
                std::this_thread::sleep_for(time);
                return true;
              }};
}

Layout layout_of(const Io& io, const GlobalOptions& global) {
  const bool colour =
      io.columns && !global.no_color && env_text(io, "NO_COLOR").empty() && env_text(io, "TERM") != "dumb";
  if (global.output == Output::kWide) return {.width = 0, .colour = colour, .wide = true};
  const std::size_t columns = columns_in_env(io).value_or(io.columns.value_or(kPiped));
  return {.width = std::max(columns, kNarrowest), .colour = colour, .wide = false};
}

}  // namespace sextant::app::cli
