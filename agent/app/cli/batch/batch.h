// Answers many scenarios, on every core: lines in, the same lines with verdicts out, in their order.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "agent/app/cli/batch/answer.h"
#include "agent/app/cli/batch/line_source.h"
#include "agent/base/result.h"

namespace sextant::app::cli {

struct BatchOptions {
  std::vector<Version> versions{};
  std::string name{};    // of the input, for what is said about it
  unsigned threads = 0;  // 0: as many as the process may use cores
  std::size_t most_bytes_a_line = std::size_t{256} << 20U;
};

// Whether every line could be answered. Of one that could not, `err` is told "sextant: explain: NAME:LINE: why", in the
// order of the lines, and `out` has nothing; empty lines stay empty. Ends early when `out` cannot take any more.
// Errors: the source's. In memory are at most two blocks of lines a thread, one of them with its answers.
Result<bool> answer_batch(ByteSource source, std::ostream& out, std::ostream& err, const BatchOptions& options);

}  // namespace sextant::app::cli
