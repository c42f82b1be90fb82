// sextant: the command line. All of it is agent/app/cli.
#include <string>
#include <vector>

#include "agent/app/cli/cli.h"
#include "agent/base/clock.h"

int main(int argc, char** argv) {
  const sextant::SystemClock clock;
  auto io = sextant::app::cli::standard_io(clock);
  return sextant::app::cli::run({argv, argv + argc}, io);
}
