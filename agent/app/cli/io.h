// Io: all that a run of the command line touches of the outside, but for the daemon. Tests give their own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>

#include "agent/app/cli/options.h"
#include "agent/app/cli/style.h"
#include "agent/base/clock.h"

namespace sextant::app::cli {

struct Io {
  std::istream& in;
  int in_fd = -1;  // what `in` reads from; -1: no file of the process
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;
  std::function<const char*(const char*)> env{};           // getenv
  std::optional<std::size_t> columns{};                    // of the terminal that `out` is; nullopt: it is none
  std::function<bool(std::chrono::milliseconds)> pause{};  // of --watch; false: stop watching
};

// The process's own: getenv, isatty, TIOCGWINSZ, sleep.
Io standard_io(const Clock& clock);

// Width: what is wide is as wide as it is; else $COLUMNS, the terminal's, or 100. Colour: on a terminal that is not
// "dumb", without --no-color and $NO_COLOR.
Layout layout_of(const Io& io, const GlobalOptions& global);

}  // namespace sextant::app::cli
